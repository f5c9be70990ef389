// What must be true of a people store after its process was killed. The checks do not depend on how people were enrolled, so
// store-kill.mjs and daemon-kill.mjs, which enrols over MQTT, share them.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What the killed process was asked to do, and what it said it had done. */
export class Ledger {
  /** id → version of an acknowledged enrolment. */
  enrolled = new Map();
  /** Ids whose enrolment was asked for. */
  asked = new Set();
  /** Ids whose removal was asked for: they may be there or not until it is acknowledged. */
  leaving = new Set();
  /** id → version of an acknowledged removal. */
  removed = new Map();
  /** Everything that was ever acknowledged. */
  acknowledgements = 0;

  note(event, id, version) {
    if (event === 'enrol') this.asked.add(id);
    else if (event === 'remove') this.leaving.add(id);
    else if (event === 'enrolled') this.enrolled.set(id, version);
    else if (event === 'removed') {
      this.enrolled.delete(id);
      this.removed.set(id, version);
    }
    if (event === 'enrolled' || event === 'removed') this.acknowledgements++;
  }
}

/**
 * Compares what is there with what was acknowledged.
 * @param people Map of id → person, @param removed Map of id → tombstone, both as loaded.
 * @returns sentences; empty when all is well.
 */
export function faults({ people, removed }, ledger) {
  const found = [];
  for (const [id, version] of ledger.enrolled) {
    const person = people.get(id);
    if (person?.version === version) continue;
    if (!person && ledger.leaving.has(id) && removed.has(id)) continue;
    found.push(`${id} was acknowledged at ${version} but is ${person ? `there at ${person.version}` : 'lost'}`);
  }
  for (const [id, version] of ledger.removed) {
    if (people.has(id)) found.push(`${id} was removed at ${version} but is back`);
    else if (removed.get(id)?.version !== version) found.push(`the removal of ${id} at ${version} is forgotten`);
  }
  for (const id of people.keys())
    if (!ledger.asked.has(id)) found.push(`${id} is there though its enrolment was not asked for`);
  return found;
}

/** What a killed writer left in the folder, which shows where the kill came. Call it before the store is opened again. */
export function wreckage(file) {
  const temps = readdirSync(dirname(file)).filter((name) => /^\..*\.[0-9a-f]{12}\.tmp$/.test(name));
  const whole = temps.filter((name) => name.startsWith(`.${basename(file)}.`) && !/last-good|lock/.test(name));
  const ended = (name) =>
    readFileSync(join(dirname(file), name))
      .subarray(-3)
      .toString() === '}}\n';
  const inode = (path) => (existsSync(path) ? statSync(path).ino : undefined);
  const same = existsSync(file) && inode(file) === inode(`${file}.last-good`);
  if (temps.some((name) => name.includes('last-good')))
    return { temps: temps.length, where: 'link of the last good copy' };
  if (whole.length > 0 && same) return { temps: temps.length, where: 'between the two renames' };
  if (whole.some(ended)) return { temps: temps.length, where: 'fsync or before the first rename' };
  if (whole.length > 0) return { temps: temps.length, where: 'write' };
  return { temps: temps.length, where: temps.length > 0 ? 'lock' : 'elsewhere' };
}

/**
 * Opens the store as the next daemon would and reads it, and the last good copy too.
 * @returns { people, removed, alarms }; alarms are the error lines of the log: a kill must never cost the newest file.
 */
export async function reopen({ dist, file, encoder }) {
  const load = (path) => import(pathToFileURL(join(dist, path)).href);
  const [{ PeopleStore }, { readPeople }, { systemClock }] = await Promise.all(
    ['store/people-store.js', 'store/read-people.js', 'kit/system-clock.js'].map(load),
  );
  const alarms = [];
  const quiet = () => undefined;
  const log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (fields, line) => alarms.push(`${line} ${fields.why ?? ''}`),
  };
  const options = { file, encoder, gate: 'checker', clock: systemClock, log };
  if (existsSync(`${file}.last-good`)) {
    const copy = `${file}.copy`;
    writeFileSync(copy, readFileSync(`${file}.last-good`));
    await readPeople({ ...options, file: copy });
    rmSync(copy);
  }
  const store = await PeopleStore.open(options);
  const people = new Map([...store.all()].map((person) => [person.id, person]));
  const removed = new Map(store.tombstones());
  await store.close();
  return { people, removed, alarms };
}
