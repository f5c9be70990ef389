// node scripts/errors-page.mjs: prints docs/errors.md from the catalogue of errors (src/errors). Needs dist/ (npm run build).
import { ERROR_SECTIONS } from '../dist/errors/catalogue.js';

const EXIT = { usage: '2', input: '3', environment: '4', warning: '–', defect: '70' };
const HEAD = ['code', 'exit', 'meaning', 'what to do'];

const rowOf = ([code, { kind, orKind, meaning, advice }]) => [
  `\`${code}\``,
  orKind === undefined ? EXIT[kind] : `${EXIT[kind]}, ${EXIT[orKind]}`,
  meaning,
  advice,
];

function tableOf(section) {
  const rows = [HEAD, ...Object.entries(section).map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(HEAD), rule, ...rows.slice(1).map(line)].join('\n');
}

const sections = Object.entries(ERROR_SECTIONS).map(([title, section]) => `## ${title}\n\n${tableOf(section)}`);
process.stdout.write(`# Errors

Every message names what failed, what was found and what to do. Its code is stable; with \`--json\` it stands in
\`{"error":{"code","reason","message"}}\`. Exit codes: 2 wrong use, 3 unusable input, 4 environment not ready, 70 a defect.

${sections.join('\n\n')}
`);
