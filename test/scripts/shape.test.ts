import { describe, expect, test } from 'vitest';
import { run, tree } from './tree.js';

function shape(files: Readonly<Record<string, string>>): { code: number | null; out: string } {
  const { code, out } = run(process.execPath, ['scripts/check-shape.mjs', tree(files)]);
  return { code, out };
}

describe('the shape of src', () => {
  test('a tree in order passes', () => {
    const { code, out } = shape({
      'src/kit/clock.ts': 'export const now = 1;\n',
      'src/face/face.ts': "// pure\nimport { now } from '../kit/clock.js';\nexport const face = now;\n",
      'src/door/door.ts': "import type { x } from '../face/face.js';\nexport const door = 1;\n",
      'src/main.ts':
        "import { face } from './face/face.js';\nimport { door } from './door/door.js';\nexport const g = face + door;\n",
      'src/cli/run.ts': "import { g } from '../main.js';\nexport const r = g;\n",
    });
    expect({ code, out }).toEqual({ code: 0, out: 'shape: 5 files, in order\n' });
  });

  test.each<[string, string, string, string]>([
    [
      'a folder imports from a later one',
      'src/face/a.ts',
      "import { d } from '../door/b.js';\n",
      'src/face/a.ts:1: face imports from door',
    ],
    [
      'a folder imports types from a later one',
      'src/face/a.ts',
      "\nimport type { D } from '../door/b.js';\n",
      'src/face/a.ts:2: face imports from door',
    ],
    [
      'a folder imports from a later one through a re-export',
      'src/face/a.ts',
      "export { d } from '../door/b.js';\n",
      'face imports from door',
    ],
    [
      'a folder imports from a later one at run time',
      'src/face/a.ts',
      "const d = await import('../door/b.js');\n",
      'face imports from door',
    ],
    [
      'a folder imports from a later one over several lines',
      'src/face/a.ts',
      "import {\n  c,\n  d,\n} from '../door/b.js';\n",
      'face imports from door',
    ],
    [
      'a folder imports what stands on top',
      'src/face/a.ts',
      "import { g } from '../main.js';\n",
      'which stands on top',
    ],
    ['a folder imports a command', 'src/face/a.ts', "import { g } from '../cli/run.js';\n", 'which stands on top'],
    ['an import leaves src', 'src/face/a.ts', "import x from '../../test/x.js';\n", 'from outside src'],
    ['a folder that is not in the list', 'src/misc/a.ts', 'export const a = 1;\n', 'in no known folder'],
    ['a default export', 'src/face/a.ts', 'export default 1;\n', 'src/face/a.ts:1: a default export'],
    ['a file called utils', 'src/face/utils.ts', 'export const a = 1;\n', 'called utils'],
    ['a barrel', 'src/face/index.ts', "export { a } from './a.js';\n", 'a barrel file'],
    ['a file beyond 300 lines', 'src/face/a.ts', 'export const a = 1;\n'.repeat(301), '301 lines, at most 300'],
    [
      'a pure file reads files',
      'src/face/a.ts',
      "// pure\nimport { readFile } from 'node:fs/promises';\n",
      'a pure file imports node:fs/promises',
    ],
    [
      'a pure file speaks to the network',
      'src/face/a.ts',
      "// pure\nimport net from 'node:net';\n",
      'a pure file imports node:net',
    ],
    [
      'a pure file starts programs',
      'src/face/a.ts',
      "// pure\nimport { spawn } from 'node:child_process';\n",
      'imports node:child_process',
    ],
    [
      'a pure file asks the clock',
      'src/face/a.ts',
      '// pure\n\nexport const a = Date.now();\n',
      'src/face/a.ts:3: a pure file uses Date.now',
    ],
    [
      'a pure file asks the clock within a text',
      'src/face/a.ts',
      `// pure\nexport const a = \`at $\{Date.now()}\`;\n`,
      'uses Date.now',
    ],
    ['a pure file sets a timer', 'src/face/a.ts', '// pure\nsetTimeout(f, 1);\n', 'a timer'],
    ['a pure file looks at the process', 'src/face/a.ts', '// pure\nexport const a = process.env;\n', 'uses process'],
  ])('%s: refused', (_what, file, source, message) => {
    const { code, out } = shape({ 'src/kit/clock.ts': 'export const now = 1;\n', [file]: source });
    expect(out).toContain(message);
    expect(code).toBe(1);
  });

  test('files that need each other in a circle are refused, even where they need only types', () => {
    const types = shape({
      'src/door/a.ts': "import type { B } from './b.js';\nexport type A = B;\n",
      'src/door/b.ts': "import type { A } from './a.js';\nexport type B = A;\n",
    });
    expect(types.code).toBe(1);
    expect(types.out).toContain('door/a.ts > door/b.ts > door/a.ts');
    const real = shape({
      'src/door/a.ts': "import { b } from './b.js';\nexport const a = b;\n",
      'src/door/b.ts': "import { c } from './c.js';\nexport const b = c;\n",
      'src/door/c.ts': "import { a } from './a.js';\nexport const c = a;\n",
    });
    expect(real.code).toBe(1);
    expect(real.out).toContain('door/a.ts > door/b.ts > door/c.ts > door/a.ts');
  });

  test('a folder of more than 20 files is refused, unless each is a command', () => {
    const files = (folder: string, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`src/${folder}/f${i}.ts`, 'export const a = 1;\n']));
    expect(shape({ ...files('door', 20), ...files('door/gpio', 20), ...files('cli', 30) }).code).toBe(0);
    const { code, out } = shape(files('door', 21));
    expect(code).toBe(1);
    expect(out).toContain('src/door/: 21 files, at most 20');
  });

  test('a gate process that reaches native code is refused, and the path to it is named; another process may', () => {
    const native = "const { cv } = await import('@u4/opencv4nodejs');\nexport const c = cv;\n";
    const gate = {
      'src/kit/binding.ts': native,
      'src/door/door.ts': "import { c } from '../kit/binding.js';\nexport const d = c;\n",
    };
    const eye = {
      'src/kit/binding.ts': native,
      'src/eye/main.ts': "import { c } from '../kit/binding.js';\nexport const e = c;\n",
    };
    const main = (text: string) => ({ 'src/main.ts': text });
    expect(shape({ ...eye, ...main("import type { C } from './kit/binding.js';\nexport type D = C;\n") }).code).toBe(0);
    const { code, out } = shape({ ...gate, ...main("import { d } from './door/door.js';\nexport const m = d;\n") });
    expect(code).toBe(1);
    expect(out).toContain('main.ts > door/door.ts > kit/binding.ts > @u4/opencv4nodejs');
  });

  test.each([
    ['by a template', 'export const ort = await import(`onnxruntime-node`);\n'],
    ['by the require of Node', "export const ort = createRequire(import.meta.url)('onnxruntime-node');\n"],
    [
      'by a require with a name',
      "const require = createRequire(import.meta.url);\nexport const o = require('onnxruntime-node');\n",
    ],
  ])('a gate process that reaches native code %s is refused', (_how, text) => {
    const { code, out } = shape({ 'src/main.ts': text });
    expect(code).toBe(1);
    expect(out).toContain('main.ts > onnxruntime-node');
  });

  test('a table of contents of more than 150 lines is refused', () => {
    const { code, out } = shape({ 'src/main.ts': 'export const a = 1;\n'.repeat(151) });
    expect(code).toBe(1);
    expect(out).toContain('src/main.ts:1: 151 lines, at most 150');
  });

  test('the command line, which starts the gate too, may load native code only when a command runs', () => {
    const measure = { 'src/evaluation/measure.ts': "import ort from 'onnxruntime-node';\nexport const m = ort;\n" };
    const cli = (text: string) => ({ ...measure, 'src/cli/main.ts': text });
    expect(shape(cli("export const m = () => import('../evaluation/measure.js');\n")).code).toBe(0);
    const { code, out } = shape(cli("import { m } from '../evaluation/measure.js';\nexport const n = m;\n"));
    expect(code).toBe(1);
    expect(out).toContain('cli/main.ts > evaluation/measure.ts > onnxruntime-node');
  });

  test('what stands in comments, strings and regular expressions counts neither as an import nor as a use of the clock', () => {
    const { code, out } = shape({
      'src/face/a.ts': [
        '// pure',
        "/** Like `import { d } from '../door/b.js'` and Date.now(). */",
        "// import { d } from '../door/b.js';",
        'export const text = "setTimeout(process.env)";',
        'export const quote = /[\'"]/.test(text); // Date.now',
        'export const later = `Date.now()`;',
        '',
      ].join('\n'),
    });
    expect({ code, out }).toEqual({ code: 0, out: 'shape: 1 files, in order\n' });
  });

  test('only files marked as pure are held to it', () => {
    expect(shape({ 'src/kit/clock.ts': 'export const now = () => Date.now();\n' }).code).toBe(0);
  });

  test('a file between 200 and 300 lines is warned about', () => {
    const { code, out } = shape({ 'src/face/a.ts': 'export const a = 1;\n'.repeat(201) });
    expect(code).toBe(0);
    expect(out).toContain('src/face/a.ts:1: warning: 201 lines');
  });
});
