// Appends to a journal as fast as it takes entries, and erases people, until it is killed. Each line is written synchronously, so what
// is in the pipe after the kill is what was said: "kept N PERSON" after the fsync, "erase PERSON" before, "erased PERSON" after.
// node journal-kill-child.mjs DIST FOLDER PREFIX
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [dist, folder, prefix] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const { FileJournal } = await load('journal/file-journal.js');
const { FileDisk } = await load('journal/file-disk.js');
const { JOURNAL_LOCK } = await load('journal/open-journal.js');
const { WriterLock } = await load('kit/files/writer-lock.js');
const { systemClock } = await load('kit/system-clock.js');
const { silentLog } = await load('kit/log.js');

/** Entries on their way at once: more than one batch, so that batches follow each other without a pause. */
const WORKERS = 80;
/** Small files and a small journal, so that kills come during rotations and purges, too. */
const SIZES = { segmentBytes: 24 * 1024, policy: { maxAgeMs: 1e12, maxBytes: 160 * 1024 } };
const ERASE_EVERY = 150;

const say = (...words) => writeSync(1, `${words.join(' ')}\n`);
const journal = await FileJournal.open({
  disk: new FileDisk(folder),
  lock: () => WriterLock.take(join(folder, 'lock'), silentLog, JOURNAL_LOCK),
  clock: systemClock,
  log: silentLog,
  ...SIZES,
});
let count = 0;
await Promise.all(Array.from({ length: WORKERS }, work));

async function work() {
  for (;;) {
    const person = `${prefix}-${count++}`;
    const receipt = await journal.append({ type: 'granted', fields: { distance: 0.5 }, personal: { person } });
    if (receipt.durable) say('kept', receipt.n, person);
    if (count % ERASE_EVERY !== 0) continue;
    say('erase', person);
    await journal.erase(person);
    say('erased', person);
  }
}
