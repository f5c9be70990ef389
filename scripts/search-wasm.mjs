// Compiles src/person/search/dots.wat into src/person/search/dots-bytes.ts: node scripts/search-wasm.mjs (--print: to standard output)
import { readFileSync, writeFileSync } from 'node:fs';
import openWabt from 'wabt';

const source = new URL('../src/person/search/dots.wat', import.meta.url);
const made = new URL('../src/person/search/dots-bytes.ts', import.meta.url);

const wabt = await openWabt();
const module = wabt.parseWat('dots.wat', readFileSync(source, 'utf8'), { simd: true });
module.validate();
const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
const lines = base64.match(/.{1,100}/g).map((line) => `  '${line}',`);
const text = `// pure; made from dots.wat by scripts/search-wasm.mjs\nexport const DOTS_BASE64 = [\n${lines.join('\n')}\n].join('');\n`;
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(made, text);
