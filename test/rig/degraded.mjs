// node test/rig/degraded.mjs [--only "full disk,no broker"] [--single] [--json]: a gate with each fault, and with two at a time: what works
// and what its state says, as a table for docs/reliability.md. Starts real daemons with simulated wires, each with a disk of its own in
// memory. Needs `npm run build`, built models, and root (for the disks). Exits 1 where button or fire alarm do not work.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FAULTS, pairsOf } from './faults.mjs';
import { prepare } from './prepared.mjs';
import { tryGate } from './tried-gate.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    single: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
if (process.getuid?.() !== 0) {
  process.stderr.write('this rig mounts small disks in memory: run it as root\n');
  process.exit(4);
}
const nameOf = (faults) => faults.map(({ name }) => name).join(' + ');
const singles = FAULTS.map((fault) => [fault]);
const all = [...singles, ...(values.single ? [] : pairsOf(FAULTS))];
const only = values.only.split(',').filter(Boolean);
// A gate without a fault comes first: what its state says is not the faults'.
const cases = [[], ...(only.length === 0 ? all : all.filter((faults) => only.includes(nameOf(faults))))];

const COLUMNS = ['starts', 'button', 'fire', 'faces', 'requests', 'change of people', 'journal', 'loop'];
const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
if (!values.json) {
  const head = ['what is wrong', ...COLUMNS, 'what the state says'];
  process.stdout.write(`| ${head.join(' | ')} |\n|${head.map(() => ' --- |').join('')}\n`);
}
const folder = mkdtempSync(join(tmpdir(), 'kaimon-rig-'));
let failed = false;
let usual;
try {
  const prepared = await prepare(folder);
  for (const [n, faults] of cases.entries()) {
    const name = nameOf(faults) || 'nothing';
    const found = await tryGate(join(folder, String(n)), prepared, faults);
    usual ??= found.state;
    found.state = found.state.filter((text) => !usual.includes(text) && !text.startsWith('machine-too-slow'));
    failed ||= found.button !== 'yes' || found.fire !== 'yes';
    const row = [name, ...COLUMNS.map((column) => found[column]), found.state.join('; ') || 'all is well'];
    process.stdout.write(
      values.json ? `${JSON.stringify({ name, ...found })}\n` : `| ${row.map(cell).join(' | ')} |\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
