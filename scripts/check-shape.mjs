// node scripts/check-shape.mjs [ROOT]: holds the shape of src/. Chapters import only from chapters above them, nothing goes in
// circles, files stay short, pure files stay pure. Prints `file:line: message`; exits 1 when a rule is broken.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix, relative, resolve, sep } from 'node:path';
import { blank, imports } from './check-shape/source.mjs';

/** In the order in which a frame meets them: a chapter imports from those before it. */
const CHAPTERS = [
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
  'store',
  'site',
  'gate',
  'report',
  'models',
];
/** What stands on top may import everything; nothing below may import it. */
const TOPS = ['main.ts', 'recurring-work.ts', 'evaluation', 'demo', 'bench', 'cli'];
const WARN_LINES = 200;
const FAIL_LINES = 300;

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

const place = (file) => {
  const [first = ''] = file.split('/');
  const top = TOPS.includes(first);
  return { name: first, top, rank: top ? CHAPTERS.length : CHAPTERS.indexOf(first) };
};

/** Whether `from` may import `to`, both relative to src/; the reason where not. */
function direction(from, to) {
  const [here, there] = [place(from), place(to)];
  if (there.rank < 0) return `imports ${to}, which is in no known chapter`;
  if (here.name === there.name || here.top) return undefined;
  if (there.top) return `chapter ${here.name} imports ${to}, which stands on top of all chapters`;
  if (there.rank < here.rank) return undefined;
  return `chapter ${here.name} imports from ${there.name}, which comes after it`;
}

function checkFile(file, source) {
  const code = blank(source);
  const errors = [];
  const warnings = [];
  const lines = source.replace(/\n$/, '').split('\n').length;
  if (lines > FAIL_LINES) errors.push([1, `${lines} lines, at most ${FAIL_LINES}: split it`]);
  else if (lines > WARN_LINES) warnings.push([1, `${lines} lines, better below ${WARN_LINES}`]);
  if (place(file).rank < 0) errors.push([1, 'is in no known chapter (the list stands in scripts/check-shape.mjs)']);
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

/** Files that need each other at run time; types alone are erased and may point back within a chapter. */
function circles(sources) {
  const edges = new Map();
  for (const [file, source] of sources) {
    const targets = imports(blank(source).text)
      .filter(({ target, typeOnly }) => target.startsWith('.') && !typeOnly)
      .map(({ target }) => posix.normalize(posix.join(dirname(file), target)).replace(/\.js$/, '.ts'));
    edges.set(file, targets);
  }
  const found = [];
  const done = new Set();
  const visit = (file, path) => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return found;
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
for (const circle of circles(sources)) {
  console.log(`src/${circle[0]}:1: imports go in a circle: ${circle.join(' > ')}`);
  failed += 1;
}
console.log(`shape: ${sources.length} files, ${failed === 0 ? 'in order' : `${failed} broken rules`}`);
process.exit(failed === 0 ? 0 : 1);
