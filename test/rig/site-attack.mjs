// node test/rig/site-attack.mjs [--captured 10000] [--messages 100000] [--kills 12] [--seed 1]: a real gate with keys of a site and a real Mosquitto, and an attacker who has
// every account of the broker but no key. He has heard one signed `open`, and sends it on in every variation; then messages of every kind on
// every topic that the gate listens to. Sets the gate's clock back (set-clock.mjs), also before a start, and kills it while it does what it was asked. Prints what came of it; exits 1 where a door opened, anybody was enrolled or removed, or the gate ended. Needs
// `npm run build` and mosquitto.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import mqtt from 'mqtt';
import { stringify } from 'yaml';
import { addKey, changeKey, newKeyFolder } from '../../dist/keys/key-folder.js';
import { requestText } from '../../dist/keys/signed-text.js';
import { readSigningKey } from '../../dist/keys/signing-key.js';
import { seeded } from '../../dist/kit/seeded-random.js';
import { systemClock as clock } from '../../dist/kit/system-clock.js';
import { fromSources } from '../soak/from-sources.mjs';
import { pause, within } from './gate-process.mjs';

const { values } = parseArgs({
  options: {
    captured: { type: 'string', default: '10000' },
    messages: { type: 'string', default: '100000' },
    kills: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
  },
});
const random = seeded(Number(values.seed));
const pick = (list) => list[Math.floor(random() * list.length)];
const CLI = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const SITE = 'kaimon/home';
const GATE = `${SITE}/gates/north`;
const folder = mkdtempSync(join(tmpdir(), 'kaimon-attack-'));
const wrong = [];

const [{ startMosquitto }] = await fromSources('/test/site/mosquitto.ts');
const broker = await startMosquitto(['max_packet_size 8454144']);
const keys = join(folder, 'keys');
let opened = await newKeyFolder(keys, 'home', clock);
const add = async (name, roles) => {
  const made = await addKey(opened, { name, roles, gates: null, publicKey: undefined }, clock);
  opened = made.opened;
  return readSigningKey(readFileSync(made.file), name);
};
const owner = await add('owner', ['admin']);
const guard = await add('guard', ['open']);
await add('north', ['gate']);
const config = {
  site: 'home',
  gate: 'north',
  camera: { kind: 'replay', path: join(folder, 'none') },
  access: { clock: 'unchecked' },
  greeting: { enabled: false },
  mqtt: { enabled: true, url: broker.url },
  log: { names: true },
  keys: { siteKeys: [opened.siteKey.publicKey], ownKeyFile: join(keys, 'north.key') },
};
writeFileSync(join(folder, 'kaimon.yaml'), stringify(config));
mkdirSync(join(folder, 'state'));
const clockFile = join(folder, 'clock');
let offsetMs = 0;
const now = () => Date.now() + offsetMs;
/** Sets the clock of the gate's machine. It looks at it again within milliseconds. */
const setClock = async (ms) => {
  offsetMs = ms;
  writeFileSync(clockFile, String(ms));
  await pause(100);
};
await setClock(0);
const preload = new URL('./set-clock.mjs', import.meta.url).href;

const client = await mqtt.connectAsync(broker.url, { protocolVersion: 5, clientId: 'attacker' });
const heard = [];
let online = false;
const answers = new Map();
client.on('message', (topic, payload, packet) => {
  if (topic === `${GATE}/event` && payload.length > 0) heard.push(JSON.parse(payload));
  // What this attacker publishes there comes back, too.
  if (topic === `${GATE}/state` && !packet.retain)
    online ||= /^\{"status":"(online|degraded)"/.test(payload.toString('latin1'));
  if (topic.startsWith(`${GATE}/response/`)) answers.set(topic.slice(GATE.length + 10), JSON.parse(payload));
});
await client.subscribeAsync([`${GATE}/event`, `${GATE}/state`, `${GATE}/response/+`], { qos: 1, rh: 2 });

let gate;
/** How often a request of this reason was done, by the gate's log. */
const done = new Map();
async function start() {
  online = false;
  gate = spawn(
    process.execPath,
    [CLI, 'run', '--config', join(folder, 'kaimon.yaml'), '--state', join(folder, 'state')],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, RIG_CLOCK: clockFile, NODE_OPTIONS: `--import ${preload}` },
    },
  );
  let log = '';
  gate.stderr.on('data', (text) => {
    log = (log + text).slice(-20_000);
    // At once, and before the journal has it.
    for (const [, what] of String(text).matchAll(/"reason":"(kill \d+)"/g)) done.set(what, (done.get(what) ?? 0) + 1);
  });
  gate.log = () => log;
  if (!(await within(60_000, () => online))) throw new Error(`the gate did not start:\n${log}`);
}
const kill = async () => {
  gate.kill('SIGKILL');
  await within(10_000, () => gate.exitCode !== null || gate.signalCode !== null);
};
const alive = () => gate.exitCode === null && gate.signalCode === null;
const residentMiB = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gate.pid}/status`, 'utf8'))?.[1]) / 1024;

const envelope = (args = {}) => ({
  v: 1,
  id: randomUUID(),
  time: new Date(now()).toISOString(),
  expires: new Date(now() + 290_000).toISOString(),
  by: 'x',
  args,
});
function signed(key, verb, args = {}, target = 'north') {
  const request = { ...envelope(args), key: key.id };
  return { ...request, signature: key.sign(requestText({ site: 'home', gate: target, verb }, request)) };
}
async function ask(verb, args = {}) {
  const request = signed(owner, verb, args);
  await client.publishAsync(`${GATE}/request/${verb}`, JSON.stringify(request), { qos: 1 });
  if (!(await within(60_000, () => answers.has(request.id))))
    throw new Error(`${verb} was not answered:\n${gate.log()}`);
  return answers.get(request.id);
}
const publishList = () =>
  client.publishAsync(`${SITE}/keys`, readFileSync(join(keys, 'trust.json')), { qos: 1, retain: true });
// After a kill the same event may come once more, under its own id.
const openings = () => new Set(heard.filter(({ type }) => type === 'opened').map(({ id }) => id)).size;
/** Published in rounds, so that neither broker nor this program keeps millions. */
async function rounds(count, what) {
  for (let from = 0; from < count && alive(); from += 500) {
    const round = Array.from({ length: Math.min(500, count - from) }, (_, i) => what(from + i));
    await Promise.all(
      round.map(([topic, payload, options]) => client.publishAsync(topic, payload, { qos: 1, ...options })),
    );
  }
}

try {
  await publishList();
  await start();
  await within(10_000, async () => (await ask('ping')).ok);
  const captured = signed(guard, 'open', { reason: 'parcel' });
  const text = JSON.stringify(captured);
  await client.publishAsync(`${GATE}/request/open`, text, { qos: 1 });
  if (!(await within(10_000, () => openings() === 1)))
    throw new Error(`the signed request did not open:\n${gate.log()}`);

  const flipped = () => {
    const bytes = Buffer.from(text);
    bytes[Math.floor(random() * bytes.length)] ^= 1 << Math.floor(random() * 8);
    return bytes;
  };
  const later = (ms) => ({
    ...captured,
    time: new Date(now() + ms).toISOString(),
    expires: new Date(now() + ms + 60_000).toISOString(),
  });
  const variations = [
    () => [`${GATE}/request/open`, text],
    () => [`${GATE}/request/open`, text, { retain: true }],
    () => [`${SITE}/request/open`, text],
    () => [`${SITE}/gates/south/request/open`, text],
    () => [`${GATE}/request/${pick(['mode', 'lock', 'enroll', 'remove', 'ping', 'OPEN', 'open/open'])}`, text],
    () => [`${GATE}/request/open`, JSON.stringify({ ...captured, id: randomUUID() })],
    () => [`${GATE}/request/open`, JSON.stringify({ ...captured, id: captured.id.toUpperCase() })],
    () => [`${GATE}/request/open`, JSON.stringify(later(Math.floor(random() * 200_000) - 100_000))],
    () => [`${GATE}/request/open`, JSON.stringify({ ...captured, key: owner.id })],
    () => [`${GATE}/request/open`, flipped()],
    () => [`${GATE}/request/open`, text.replace('"v":1', '"v":1,"v":1')],
    () => [`${GATE}/request/open`, ` ${text.replaceAll(',', ' , ')}`],
    () => [`${GATE}/request/open`, JSON.stringify({ ...envelope(), key: guard.id, signature: captured.signature })],
    () => [`${GATE}/request/open`, JSON.stringify(envelope())],
  ];
  const captures = Number(values.captured);
  const began = Date.now();
  const unretain = () => client.publishAsync(`${GATE}/request/open`, '', { qos: 1, retain: true });
  await rounds(Math.floor(captures / 4), () => pick(variations)());
  // The clock is set back: to where the captured request is of now, of before, or far from now.
  const backs = [-1, -60, -150, -290, -3_600, -86_400, -365 * 86_400, 600];
  for (const seconds of backs) {
    await setClock(seconds * 1_000);
    await rounds(Math.floor(captures / 4 / backs.length), () => pick(variations)());
    if (!(await ask('ping')).ok) wrong.push(`with the clock off by ${seconds} s nothing is served`);
  }
  await unretain();
  await kill();
  // Started with a clock that shows a time before the request was made: only its id tells that it was done.
  await setClock(Date.parse(captured.time) - Date.now() - 30_000);
  await start();
  await rounds(Math.floor(captures / 8), () => pick(variations)());
  await unretain();
  await kill();
  await setClock(0);
  await start();
  await rounds(Math.floor(captures / 8), () => pick(variations)());
  const revokedList = await changeKey(opened, 'guard', { revoked: new Date().toISOString() }, clock);
  opened = revokedList;
  await publishList();
  await ask('ping');
  await rounds(captures - Math.floor(captures / 2) - Math.floor(captures / 4), () =>
    random() < 0.5 ? pick(variations)() : [`${GATE}/request/open`, JSON.stringify(signed(guard, 'open'))],
  );
  await client.publishAsync(`${GATE}/request/open`, '', { qos: 1, retain: true });
  await ask('ping');
  process.stdout.write(
    `captured: ${captures} variations in ${((Date.now() - began) / 1000).toFixed(0)} s, with ${backs.length + 1} settings of the gate's clock, through two kills and a revocation: ${openings() - 1} opened\n`,
  );
  if (openings() !== 1) wrong.push(`${openings() - 1} variations opened the door`);

  // Killed at any moment of doing and answering, and started with a clock of before the request: done once at most.
  const kills = Number(values.kills);
  opened = await changeKey(opened, 'guard', { revoked: null }, clock);
  await publishList();
  await ask('ping');
  let lost = 0;
  for (let i = 0; i < kills; i++) {
    const reason = `kill ${i}`;
    const request = signed(guard, 'open', { reason });
    const bytes = JSON.stringify(request);
    await client.publishAsync(`${GATE}/request/open`, bytes, { qos: 1 });
    const seen = () => done.has(reason) || heard.some((event) => event.reason === reason);
    // Half of them right at the moment at which the door moves, as the gate says it; the others before or after.
    if (i % 2 === 0) await within(5_000, seen);
    else await pause(Math.floor(random() * 60));
    await kill();
    if (!done.has(reason)) lost++;
    await setClock(Date.parse(request.time) - Date.now() - 60_000);
    await start();
    for (let again = 0; again < 5; again++) await client.publishAsync(`${GATE}/request/open`, bytes, { qos: 1 });
    await ask('ping');
    await kill();
    await setClock(0);
    await start();
    await ask('ping');
  }
  const twice = [...done].filter(([, count]) => count > 1).map(([reason]) => reason);
  process.stdout.write(
    `kills: ${kills} while an open was being done, ${kills - lost} after the door had moved; each started again with a clock of before, the request sent 5 more times: ${twice.length} done twice\n`,
  );
  if (twice.length > 0) wrong.push(`done twice after a kill: ${twice.join(', ')}`);
  const openedBefore = openings();

  const before = (await ask('people')).result.count;
  const photo = Buffer.from([0xff, 0xd8, 0xff, ...Array(64).fill(7)]).toString('base64');
  const version = () => `${String(Math.floor(random() * 4e12)).padStart(13, '0')}-0000-north`;
  const person = (id) => ({
    id,
    name: 'Eve',
    language: null,
    greeting: null,
    groups: [],
    validFrom: null,
    validUntil: null,
    version: version(),
    by: 'north',
    templates: [
      {
        encoder: 'mobilefacenet@000000000000',
        vector: Buffer.alloc(512, 1).toString('base64'),
        quality: 0.9,
        added: new Date().toISOString(),
      },
    ],
  });
  const id = () => `p-${Math.floor(random() * 2000)}`;
  const junk = () =>
    pick([
      () => Buffer.from(Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256))),
      () => Buffer.from('['.repeat(Math.floor(random() * 5000))),
      () =>
        Buffer.from(
          JSON.stringify(pick([null, 1, 'x', [], {}, { v: 1 }, { v: 1, id: 7 }, { __proto__: 1, constructor: {} }])),
        ),
      () =>
        Buffer.from(
          JSON.stringify({
            ...envelope({ name: 'Eve', photo, id: id(), mode: 'open-house' }),
            ...pick([{}, { key: guard.id, signature: captured.signature }, { key: owner.id, signature: 'x' }]),
          }),
        ),
      () => flipped(),
      () =>
        Buffer.from(
          JSON.stringify(
            pick([
              person(id()),
              { removed: true, version: version() },
              { ...person(id()), key: owner.id, signature: captured.signature },
              { id: id(), version: version(), sealed: 'a.b', key: owner.id },
            ]),
          ),
        ),
      () => Buffer.from(JSON.stringify({ ...opened.list, serial: 999, keys: [] })),
    ])();
  const topics = [
    () =>
      `${GATE}/request/${pick(['enroll', 'remove', 'people', 'open', 'lock', 'mode', 'ping', 'forgive', 'snapshot', 'verify', 'resync', 'journal', 'x'])}`,
    () => `${SITE}/request/${pick(['open', 'remove', 'mode', 'people'])}`,
    () => `${SITE}/people/${id()}`,
    () => `${SITE}/passages/${id()}`,
    () => `${SITE}/keys`,
    () => `${GATE}/sync`,
    () => `${SITE}/gates/${pick(['north', 'south', 'x'])}/${pick(['state', 'info', 'digest'])}`,
  ];
  const messages = Number(values.messages);
  await rounds(Math.min(messages, 5_000), () => [pick(topics)(), junk(), { retain: random() < 0.3 }]);
  await ask('ping');
  const small = residentMiB();
  const from = Date.now();
  for (let sent = 0; sent < messages && alive(); sent += 50_000) {
    await rounds(Math.min(50_000, messages - sent), () => [pick(topics)(), junk(), { retain: random() < 0.3 }]);
    process.stderr.write(
      `${sent + Math.min(50_000, messages - sent)} of ${messages}, ${residentMiB().toFixed(0)} MiB\n`,
    );
  }
  const after = (await ask('people')).result.count;
  const large = residentMiB();
  process.stdout.write(
    `messages: ${messages} in ${((Date.now() - from) / 1000).toFixed(0)} s: ${openings() - openedBefore} opened, people ${before} before and ${after} after, memory ${small.toFixed(0)} MiB before and ${large.toFixed(0)} after\n`,
  );
  if (openings() !== openedBefore) wrong.push('the door opened');
  if (after !== before) wrong.push('people were changed');
  if (large > small + 100) wrong.push(`the gate grew from ${small.toFixed(0)} to ${large.toFixed(0)} MiB`);
  const granted = heard.filter(({ type }) =>
    ['grant', 'enrolled', 'removed', 'mode-asked', 'lock-asked'].includes(type),
  );
  if (granted.length > 0) wrong.push(`events that nobody may cause: ${granted.map(({ type }) => type).join(', ')}`);
} catch (thrown) {
  wrong.push(thrown.stack);
}
if (!alive()) wrong.push(`the gate ended:\n${gate.log()}`);
gate.kill('SIGTERM');
await within(15_000, () => !alive());
const state = readdirSync(join(folder, 'state')).join(' ');
await client.endAsync(true);
await broker.stop();
rmSync(folder, { recursive: true, force: true });
for (const text of wrong) process.stdout.write(`WRONG: ${text}\n`);
process.stdout.write(wrong.length > 0 ? `state folder: ${state}\n` : 'nothing was wrong\n');
process.exit(wrong.length > 0 ? 1 : 0);
