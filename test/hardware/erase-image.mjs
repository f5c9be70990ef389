// node test/hardware/erase-image.mjs [--megabytes 64] [--keep DIR] [--json]: is an erased person gone from the disk? On a file system in a
// file (ext4, mounted by loop) the real daemon enrols people over MQTT, is killed and started again, and erases one; a second one is erased
// with the command. Then the raw image, unmounted, is searched for name, id and template in every writing, once plain and once sealed.
// Root only. Exits 0 when nothing is found that docs/security-model.md does not name, 1 otherwise, 77 where it cannot be tried.
// Needs `npm run build` and built models.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BackOffice } from '../../dist/demo/back-office.js';
import { Daemon } from '../../dist/demo/daemon.js';
import { ADA, GRACE, STRANGER_ON_THE_STAIRS } from '../../dist/demo/people.js';
import { inStudio } from '../../dist/demo/studio-client.js';
import { silentLog as log } from '../../dist/kit/log.js';
import { parseSealKey } from '../../dist/kit/sealing/seal-key.js';
import { Vault } from '../../dist/kit/sealing/vault.js';
import { systemClock as clock } from '../../dist/kit/system-clock.js';
import { encoderId, findModel } from '../../dist/models/manifest.js';
import { loadManifest } from '../../dist/models/model-files.js';
import { startBroker } from '../../dist/site/link/embedded-broker.js';
import { readPeople } from '../../dist/store/read-people.js';

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '64' },
    keep: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const skip = (why) => {
  process.stdout.write(`skipped: ${why}\n`);
  process.exit(77);
};
if (process.getuid() !== 0) skip('only root can mount a file system in a file');

const NAMES = { site: 'disk', gate: 'gate' };
const samples = fileURLToPath(new URL('../../models/build/samples', import.meta.url));
const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const encoder = encoderId(findModel(loadManifest(), 'encoder', 'mobilefacenet'));
const folder = values.keep === undefined ? mkdtempSync(join(tmpdir(), 'kaimon-erase-')) : resolve(values.keep);
mkdirSync(folder, { recursive: true });
const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const say = (text) => process.stderr.write(`${text}\n`);

/** Who is erased over MQTT, who with the command, and who stays. */
const PEOPLE = ['Zoë Quíñones-Ångström', 'Grete Öhlschläger', 'Stays Behind'];
const portraits = [ADA, GRACE, STRANGER_ON_THE_STAIRS].map((likeness, i) => ({
  likeness,
  out: join(folder, `${i}.jpg`),
}));
await inStudio({ job: 'portraits', photos: samples, portraits });
const photos = portraits.map(({ out }) => readFileSync(out).toString('base64'));

/** A file system of its own in a file. */
class Image {
  #places = new Map();
  constructor(name) {
    this.file = join(folder, `${name}.img`);
    this.mountpoint = join(folder, name);
    rmSync(this.file, { force: true });
    writeFileSync(this.file, '');
    truncateSync(this.file, Number(values.megabytes) * 1024 * 1024);
    mkdirSync(this.mountpoint, { recursive: true });
    run('mke2fs', '-q', '-t', 'ext4', '-F', this.file);
    this.blockBytes = Number(/Block size:\s+(\d+)/.exec(run('dumpe2fs', '-h', this.file))[1]);
  }
  mount() {
    this.#places.clear();
    try {
      run('mount', '-o', 'loop', this.file, this.mountpoint);
    } catch (error) {
      skip(`a file cannot be mounted here (${String(error.stderr).trim()})`);
    }
  }
  unmount() {
    run('umount', this.mountpoint);
  }
  /** What lies in a block of the image: a file, the file system's own journal, or nothing. */
  at(block) {
    if (!this.#places.has(block)) this.#places.set(block, this.#placeOf(block));
    return this.#places.get(block);
  }
  #placeOf(block) {
    const ask = (request) => run('debugfs', '-R', request, this.file).trim().split('\n').at(-1) ?? '';
    const inode = /^\d+\s+(\d+)$/.exec(ask(`icheck ${block}`))?.[1];
    if (inode === undefined) return 'a free block or one of the file system';
    if (inode === '8') return "the file system's journal";
    return ask(`ncheck ${inode}`).replace(/^\d+\s+/, '');
  }
}

/** Base64 of bytes wherever they begin in a longer text, without the characters that depend on their neighbours. */
const base64s = (bytes) =>
  [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return text.slice(shift === 0 ? 0 : shift + 1, -1);
  });
const escaped = (text) =>
  text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Everything by which somebody could be found, by what it is. */
function needlesOf({ id, name, templates }) {
  const forms = [...new Set([name.normalize('NFC'), name.normalize('NFD')])];
  const words = [...new Set(forms.flatMap((form) => [form, ...form.split(/[ -]/)]))].filter((word) => word.length >= 5);
  const windows = (bytes) =>
    Array.from({ length: Math.max(0, bytes.length - 15) }, (_, at) => bytes.subarray(at, at + 16));
  return {
    name: [
      ...words.map((word) => Buffer.from(word)),
      ...words.map((word) => Buffer.from(word.toLowerCase())),
      ...words.map((word) => Buffer.from(word, 'utf16le')),
      ...words.map((word) => Buffer.from(word, 'utf16le').swap16()),
      ...forms.map((form) => Buffer.from(escaped(form))),
      ...forms.flatMap((form) => base64s(Buffer.from(form)).map((text) => Buffer.from(text))),
    ],
    id: [Buffer.from(id), Buffer.from(id, 'utf16le'), ...base64s(Buffer.from(id)).map((text) => Buffer.from(text))],
    template: templates.flatMap(({ vector }) => [
      ...windows(Buffer.from(vector, 'latin1')),
      ...windows(Buffer.from(vector, 'base64')),
    ]),
  };
}

/** @returns for each kind of needle where it was found: places, each once */
function search(image, needles) {
  const bytes = readFileSync(image.file);
  // One pass for all: by the first two bytes whether any needle begins here, then by the needles that do.
  const byStart = new Map();
  for (const [kind, list] of Object.entries(needles))
    for (const needle of list) {
      const start = needle.readUInt16LE(0);
      if (!byStart.has(start)) byStart.set(start, []);
      byStart.get(start).push({ kind, needle });
    }
  const begins = new Uint8Array(65536);
  for (const start of byStart.keys()) begins[start] = 1;
  const blocks = Object.fromEntries(Object.keys(needles).map((kind) => [kind, new Set()]));
  for (let at = 0; at < bytes.length - 1; at++) {
    const start = bytes[at] | (bytes[at + 1] << 8);
    if (begins[start] === 0) continue;
    for (const { kind, needle } of byStart.get(start))
      if (needle.equals(bytes.subarray(at, at + needle.length))) blocks[kind].add(Math.floor(at / image.blockBytes));
  }
  return Object.fromEntries(
    Object.entries(blocks).map(([kind, found]) => [
      kind,
      [...new Set([...found].map((block) => image.at(block)))].sort(),
    ]),
  );
}

async function started(config, state) {
  const office = await BackOffice.connect(broker.url, NAMES, () => undefined);
  const daemon = new Daemon({ config, state, log: join(folder, 'gate.log') });
  const early = daemon.failsEarly(join(folder, 'gate.log'));
  await Promise.race([office.until(({ eye }) => eye === 'up'), early]);
  return { office, daemon };
}

async function asked(office, verb, args) {
  const answer = await office.ask(verb, args);
  if (!answer.ok) throw new Error(`${verb} was refused: ${JSON.stringify(answer.error)}`);
  return answer.result;
}

/** What the disk shows of somebody whose plain files were sealed. */
function sealedLater(image, config, state, needles) {
  image.mount();
  const sealing = join(folder, 'sealing.yaml');
  writeFileSync(sealing, `${readFileSync(config, 'utf8')}storage: { sealKeyFile: ${join(folder, 'seal.key')} }\n`);
  run(process.execPath, program, 'seal', 'now', '--config', sealing, '--state', state);
  image.unmount();
  return search(image, needles);
}

let laterSealed;
/** One whole life of a gate on a disk of its own. */
async function life(name, sealKeyFile) {
  const image = new Image(name);
  image.mount();
  const state = join(image.mountpoint, 'state');
  const config = join(folder, `${name}.yaml`);
  const storage = sealKeyFile === undefined ? '' : `storage: { sealKeyFile: ${sealKeyFile} }\n`;
  writeFileSync(
    config,
    `site: disk\ngate: gate\ncamera: { kind: replay, path: ${join(folder, 'no-film')} }\nmqtt: { enabled: true, url: '${broker.url}' }\n` +
      `people: { duplicateDistance: 0 }\ngreeting: { speak: false }\n${storage}`,
  );
  const vault = sealKeyFile === undefined ? Vault.plain() : Vault.sealing(parseSealKey(readFileSync(sealKeyFile)));
  say(`${name}: enrolling`);
  let gate = await started(config, state);
  const enrol = (office, i, more) =>
    asked(office, 'enroll', { name: PEOPLE[i], photo: photos[i], force: true, ...more });
  const ids = [];
  for (const i of PEOPLE.keys()) ids.push((await enrol(gate.office, i)).id);
  // A further photo, and a kill right after it was asked for: what a half-done write leaves must go, too.
  void enrol(gate.office, 0, { id: ids[0], photo: photos[0] }).catch(() => undefined);
  await new Promise((done) => setTimeout(done, 300));
  process.kill(gate.daemon.pid, 'SIGKILL');
  await gate.daemon.stop();
  await gate.office.close();
  const { people } = await readPeople({ file: join(state, 'people.json'), encoder, vault, clock, log });
  const known = ids.map((id) => people.get(id));
  // As after a damage, and as the voice would leave it.
  copyFileSync(join(state, 'people.json'), join(state, 'people.json.corrupt-2026-11-24T08-00-00-000Z'));
  if (sealKeyFile === undefined) {
    mkdirSync(join(state, 'cache', 'voice'), { recursive: true });
    writeFileSync(join(state, 'cache', 'voice', 'greeting.wav'), `Hello ${PEOPLE[0]}, hello ${PEOPLE[1]}`);
  }
  image.unmount();
  const before = search(image, needlesOf(known[0]));
  image.mount();

  say(`${name}: erasing`);
  gate = await started(config, state);
  const overMqtt = await asked(gate.office, 'remove', { id: ids[0], erase: true });
  await gate.daemon.stop();
  await gate.office.close();
  run(process.execPath, program, 'people', 'erase', ids[1], '--config', config, '--state', state);
  image.unmount();
  run('e2fsck', '-fn', image.file);
  const after = [0, 1].map((i) => search(image, needlesOf(known[i])));
  const stays = search(image, needlesOf(known[2]));
  if (sealKeyFile === undefined) laterSealed = () => sealedLater(image, config, state, needlesOf(known[2]));
  return { name, erased: overMqtt.erased, before, mqtt: after[0], command: after[1], stays };
}

/** What the docs name: the note that an id was removed, in the people file and its last good copy, where they are not sealed. */
const NAMED = /\/state\/people\.json(\.last-good)?$/;
const unnamed = ({ name, template, id }, sealed) => [
  ...name,
  ...template,
  ...id.filter((place) => sealed || !NAMED.test(place)),
];

const broker = await startBroker();
const results = [];
try {
  results.push(await life('plain'));
  const key = join(folder, 'seal.key');
  rmSync(key, { force: true });
  run(process.execPath, program, 'seal', 'new-key', '--out', key);
  results.push(await life('sealed', key));
  results.push({ name: 'plain, then sealed', erased: 0, stays: laterSealed() });
} finally {
  await broker.close();
}
const [plain, sealed, later] = results;
const faults = [
  ...[plain.mqtt, plain.command].flatMap((found) => unnamed(found, false).map((place) => `plain: found in ${place}`)),
  ...[sealed.mqtt, sealed.command, sealed.before, sealed.stays].flatMap((found) =>
    unnamed(found, true).map((place) => `sealed: found in ${place}`),
  ),
  ...unnamed(later.stays, true).map((place) => `sealed later: found in ${place}`),
  // The search can find: somebody who is enrolled is on a plain disk.
  ...(plain.before.name.length > 0 && plain.before.template.length > 0
    ? []
    : ['the search found nobody before the erasing']),
  ...(plain.stays.name.length > 0 && plain.stays.template.length > 0 ? [] : ['the search did not find who stays']),
];
if (values.json) process.stdout.write(`${JSON.stringify({ ok: faults.length === 0, faults, results })}\n`);
else {
  const places = (list) => (list.length === 0 ? 'nowhere' : list.join(', '));
  for (const { name, erased, ...found } of results) {
    process.stdout.write(
      `${name}, ${values.megabytes} MB of ext4; ${erased} entries of the journal erased over MQTT\n`,
    );
    for (const [who, kinds] of Object.entries(found))
      for (const [kind, list] of Object.entries(kinds))
        process.stdout.write(`  ${who.padEnd(8)} ${kind.padEnd(9)} ${places(list)}\n`);
  }
  process.stdout.write(faults.length === 0 ? 'erased\n' : `NOT erased:\n  ${faults.join('\n  ')}\n`);
}
if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
process.exitCode = faults.length === 0 ? 0 : 1;
