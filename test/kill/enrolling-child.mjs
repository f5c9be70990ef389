// Enrols and removes people as fast as the store takes them until it is killed. Each line is written synchronously, so what
// is in the pipe after the kill is what was said: "enrol ID" and "remove ID" before, "enrolled ID VERSION" and "removed ID VERSION" after.
// node enrolling-child.mjs DIST FILE ENCODER PREFIX [DIE_AT]: with DIE_AT it kills itself before that step of its third write.
import { promises as fs, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [dist, file, encoder, prefix, dieAt] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const { PeopleStore } = await load('store/people-store.js');
const { systemClock } = await load('kit/system-clock.js');
const { silentLog } = await load('kit/log.js');

/** Requests under way at once: so that some always join the next write. */
const WORKERS = 6;
/** With this many people (some 9 kB each) most of the time is spent writing, so most kills come during a write. */
const PEOPLE_KEPT = 300;
const VECTOR = Buffer.alloc(2048, Buffer.from(new Float32Array([0.25]).buffer)).toString('base64');

const say = (...words) => writeSync(1, `${words.join(' ')}\n`);
const store = await PeopleStore.open({ file, encoder, gate: 'killed', clock: systemClock, log: silentLog });
if (dieAt !== undefined) dieBefore(Number(dieAt));
say('ready');
const present = [...store.all()].map((person) => person.id);
let count = 0;
await Promise.all(Array.from({ length: WORKERS }, work));

async function work() {
  for (;;) {
    const id = `${prefix}-${count++}`;
    say('enrol', id);
    const { version } = await store.put(newcomer(id));
    say('enrolled', id, version);
    present.push(id);
    if (present.length <= PEOPLE_KEPT) continue;
    const gone = present.shift();
    say('remove', gone);
    say('removed', gone, await store.remove(gone, 'kill-test'));
  }
}

function newcomer(id) {
  const template = { encoder, vector: VECTOR, quality: 0.9, added: '2026-11-24T08:00:00.000Z' };
  const rest = { language: null, greeting: null, groups: [], validFrom: null, validUntil: null, by: 'kill-test' };
  return { id, name: `Person ${id}`, templates: [template, template, template], ...rest };
}

/**
 * Counts the steps of a write (open, write, sync, close, link, rename, remove) from the third temporary file on; of the many
 * chunks the first two only.
 */
function dieBefore(target) {
  let temps = 0;
  let step = 0;
  let chunks = 0;
  const counted = (owner, name, starts) => {
    const act = owner[name].bind(owner);
    owner[name] = async (...args) => {
      if (starts && /people\.json\.[0-9a-f]{12}\.tmp$/.test(String(args[0]))) temps++;
      if (temps >= 3 && (name !== 'writeFile' || chunks++ < 2) && step++ === target) {
        say('dies', name);
        process.kill(process.pid, 'SIGKILL');
      }
      const result = await act(...args);
      if (name === 'open') for (const inner of ['writeFile', 'sync', 'close']) counted(result, inner, false);
      return result;
    };
  };
  for (const name of ['open', 'link', 'rename', 'rm']) counted(fs, name, name === 'open');
}
