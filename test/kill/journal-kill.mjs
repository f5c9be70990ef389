// node test/kill/journal-kill.mjs [--kills 200] [--seed 1] [--dist dist] [--json]
// Kills a process with SIGKILL at random moments while it writes, rotates, purges and erases in a journal. Each time the journal is
// checked as it was left, and opened again: every acknowledged entry is there, erased people are not, and the chain verifies.
// Exits 0 when nothing was lost, 1 otherwise, 4 when the build is missing. Needs `npm run build`.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * A life ends after at most so many acknowledged entries, and so many milliseconds: it lasts several files on slow and fast
 * machines, and the kill comes at any moment of the work.
 */
const LIFE_MAX_ENTRIES = 400;
const LIFE_MAX_MS = 20;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    dist: { type: 'string', default: fileURLToPath(new URL('../../dist', import.meta.url)) },
    json: { type: 'boolean', default: false },
  },
});
const dist = resolve(values.dist);
if (!existsSync(join(dist, 'journal/file-journal.js'))) {
  process.stderr.write(`no build in ${dist}: run "npm run build" first\n`);
  process.exit(4);
}
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const { auditJournal } = await load('journal/audit/audit.js');
const { queryEntries } = await load('journal/audit/query.js');
const { FileDisk } = await load('journal/file-disk.js');

/** mulberry32: the same seed gives the same moments. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const folder = mkdtempSync(join(tmpdir(), 'kaimon-journal-kill-'));
const disk = new FileDisk(folder);
/** Acknowledged: number to person. */
const kept = new Map();
/** People whose erasure was asked for, and those whose erasure was acknowledged. */
const leaving = new Set();
const gone = new Set();
const report = {
  seed: Number(values.seed),
  kills: 0,
  acknowledged: 0,
  erased: 0,
  purges: 0,
  torn: 0,
  repaired: 0,
  halfPurged: 0,
  lost: 0,
  faults: [],
};

async function live(prefix, { entries, ms }) {
  const script = fileURLToPath(new URL('journal-kill-child.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, dist, folder, prefix], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise((done) => child.once('close', (code, signal) => done(signal ?? code)));
  let left = entries;
  // What the pipe still holds after the kill is read as well.
  for await (const line of createInterface({ input: child.stdout })) {
    const [event, a, b] = line.split(' ');
    if (event === 'kept') {
      kept.set(Number(a), b);
      report.acknowledged++;
      if (left-- === 0) setTimeout(() => child.kill('SIGKILL'), ms);
    }
    if (event === 'erase') leaving.add(a);
    if (event === 'erased') gone.add(a);
    if (event === 'erased') report.erased++;
  }
  const end = await closed;
  if (end !== 'SIGKILL') throw new Error(`the child ended by itself (${end})`);
}

async function check() {
  const audit = await auditJournal(disk);
  const fault = (text) => report.faults.push(`kill ${report.kills}: ${text}`);
  for (const { kind, file, line, text } of audit.faults) fault(`${kind} ${file}:${line} ${text}`);
  if (audit.torn) report.torn++;
  if (audit.checkpoint && audit.first > 0 && audit.first <= audit.checkpoint.n) report.halfPurged++;
  const found = new Map();
  for await (const { entry, personal } of queryEntries(disk, {}))
    found.set(entry.n, { entry, person: personal?.person });
  for (const [n, person] of kept) {
    // Purged by size: explained by the checkpoint, which the audit has checked.
    if (n <= (audit.checkpoint?.n ?? 0)) kept.delete(n);
    else if (!found.has(n)) {
      report.lost++;
      fault(`entry ${n} was acknowledged and is not there`);
    } else if (found.get(n).person !== person && !leaving.has(person)) fault(`entry ${n} does not name ${person}`);
  }
  for (const { entry, person } of found.values())
    if (gone.has(person)) fault(`entry ${entry.n} names ${person}, who was erased`);
  report.purges = Math.max(report.purges, audit.notes.purges);
  report.repaired = Math.max(report.repaired, audit.notes.repaired);
  report.last = audit.last;
}

const next = random(Number(values.seed));
for (let kill = 0; kill < Number(values.kills); kill++) {
  await live(`k${kill}`, { entries: Math.floor(next() * LIFE_MAX_ENTRIES), ms: Math.floor(next() * LIFE_MAX_MS) });
  report.kills++;
  await check();
  if (!values.json || report.kills % 20 === 0)
    process.stderr.write(`\r${report.kills} kills, ${report.acknowledged} acknowledged`);
}
rmSync(folder, { recursive: true });
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else process.stdout.write(`\n${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.faults.length === 0 ? 0 : 1;
