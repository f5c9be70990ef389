// node scripts/check-shape.mjs [ROOT]: holds the shape of src/. Folders import only from folders above them, nothing goes in circles,
// files stay short and folders small, pure files stay pure, the gate process reaches neither OpenCV nor ONNX Runtime. Prints `file:line: message`;
// exits 1 when a rule is broken.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, posix, relative, resolve, sep } from 'node:path';
import { circles, crowded, graphOf, waysTo } from './check-shape/graph.mjs';
import { blank, imports } from './check-shape/source.mjs';

/** In the order of docs/architecture.md: a folder imports from those before it. */
const FOLDERS = [
  'errors',
  'kit',
  'config',
  'host',
  'camera',
  'face',
  'liveness',
  'eye',
  'person',
  'clock-trust',
  'schedule',
  'passback',
  'access',
  'door',
  'voice',
  'journal',
  'keys',
  'store',
  'site',
  'gate',
  'report',
  'metrics',
  'models',
  'stored',
  'backup',
];
/** What stands on top of all folders, in the same order. */
const TOPS = ['recurring-work.ts', 'main.ts', 'evaluation', 'demo', 'bench', 'doctor', 'cli'];
const ORDER = [...FOLDERS, ...TOPS];
const WARN_LINES = 200;
const FAIL_LINES = 300;
/** A table of contents is read in one go. */
const SHORTER = { 'main.ts': 150 };
const FILES_MAX = 20;
/** One file a command. */
const MAY_BE_CROWDED = ['cli'];
/** The gate's process must not die of what may crash: that lives in the eye. */
const GATE_PROCESS = [
  ['main.ts', () => true],
  // What starts the gate as well as commands that measure: those load what they need when they run.
  ['cli/main.ts', ({ dynamic }) => !dynamic],
];
const NATIVE = /^(onnxruntime-node|@u4\/opencv4nodejs|@u4\/opencv-build)(\/.*)?$/;

const FORBIDDEN_MODULES =
  /^(node:)?(fs|net|tls|http|https|http2|dgram|dns|child_process|worker_threads|cluster|timers)(\/.*)?$/;
const FORBIDDEN_WORDS = [
  [/\bDate\.now\b/, 'Date.now: take the time as a value'],
  [/\bnew Date\(\s*\)/, 'new Date(): take the time as a value'],
  [/\bperformance\.now\b/, 'performance.now: take the time as a value'],
  [/\b(setTimeout|setInterval|setImmediate)\b/, 'a timer: return what is due when'],
  [/\bMath\.random\b/, 'Math.random: take randomness as a value'],
  [/(?<![.\w])process\./, 'process: take it as a value'],
];

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : entry.name.endsWith('.ts') ? [path] : [];
    })
    .sort();
}

const placeOf = (file) => {
  const [name = ''] = file.split('/');
  return { name, rank: ORDER.indexOf(name), top: TOPS.includes(name) };
};

/** Whether `from` may import `to`, both relative to src/; the reason where not. */
function direction(from, to) {
  const [here, there] = [placeOf(from), placeOf(to)];
  if (there.rank < 0) return `imports ${to}, which is in no known folder`;
  if (there.rank <= here.rank) return undefined;
  if (there.top && !here.top) return `folder ${here.name} imports ${to}, which stands on top of all folders`;
  return `${here.name} imports from ${there.name}, which comes after it`;
}

function checkFile(file, source) {
  const code = blank(source);
  const errors = [];
  const warnings = [];
  const lines = source.replace(/\n$/, '').split('\n').length;
  const most = SHORTER[file] ?? FAIL_LINES;
  if (lines > most) errors.push([1, `${lines} lines, at most ${most}: split it`]);
  else if (lines > WARN_LINES) warnings.push([1, `${lines} lines, better below ${WARN_LINES}`]);
  if (placeOf(file).rank < 0) errors.push([1, 'is in no known folder (the list stands in scripts/check-shape.mjs)']);
  if (/^utils?\.ts$/i.test(basename(file))) errors.push([1, 'a file called utils: name it after what it does']);
  if (basename(file) === 'index.ts') errors.push([1, 'a barrel file: import from where things are']);
  const pure = /^\/\/ pure\b/.test(source);
  code.bare.split('\n').forEach((text, index) => {
    if (/\bexport\s+default\b/.test(text)) errors.push([index + 1, 'a default export: export a name']);
    for (const [pattern, what] of pure ? FORBIDDEN_WORDS : [])
      if (pattern.test(text)) errors.push([index + 1, `a pure file uses ${what}`]);
  });
  for (const { target, line } of imports(code.text)) {
    if (pure && FORBIDDEN_MODULES.test(target)) errors.push([line, `a pure file imports ${target}`]);
    if (!target.startsWith('.')) continue;
    const to = posix.normalize(posix.join(posix.dirname(file), target)).replace(/\.js$/, '.ts');
    const reason = to.startsWith('../') ? `imports ${target} from outside src` : direction(file, to);
    if (reason) errors.push([line, reason]);
  }
  return { errors, warnings };
}

const src = join(resolve(process.argv[2] ?? '.'), 'src');
const sources = filesBelow(src).map((path) => [relative(src, path).split(sep).join('/'), readFileSync(path, 'utf8')]);
let failed = 0;
for (const [file, source] of sources) {
  const { errors, warnings } = checkFile(file, source);
  for (const [line, message] of warnings) console.log(`src/${file}:${line}: warning: ${message}`);
  for (const [line, message] of errors) console.log(`src/${file}:${line}: ${message}`);
  failed += errors.length;
}
const broken = (place, message) => {
  console.log(`src/${place}: ${message}`);
  failed += 1;
};
const graph = graphOf(sources);
for (const circle of circles(graph)) broken(`${circle[0]}:1`, `imports go in a circle: ${circle.join(' > ')}`);
for (const [folder, count] of crowded([...graph.keys()], FILES_MAX))
  if (!MAY_BE_CROWDED.includes(folder)) broken(`${folder}/`, `${count} files, at most ${FILES_MAX}: split the folder`);
for (const [start, follows] of GATE_PROCESS)
  for (const way of waysTo(graph, start, NATIVE, follows))
    broken(`${start}:1`, `the gate process reaches native code: ${way.join(' > ')}`);
console.log(`shape: ${sources.length} files, ${failed === 0 ? 'in order' : `${failed} broken rules`}`);
process.exit(failed === 0 ? 0 : 1);
