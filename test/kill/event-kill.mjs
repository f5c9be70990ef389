// node test/kill/event-kill.mjs [--kills 200] [--seed 1] [--json]: SIGKILLs the whole daemon at random moments while it is asked over MQTT to
// open, lock and change its mode, and checks before the next start whether the journal verifies and holds every event that was reported to the
// site. An answer of the door comes before its entry: of those that a kill overtook the last ones may be missing, without a hole, and the mode that was answered is kept.
// Exits 0 when nothing is missing, 1 otherwise. Needs `npm run build`.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connectAsync } from 'mqtt';
import { Daemon } from '../../dist/demo/daemon.js';
import { seeded } from '../../dist/kit/seeded-random.js';
import { startBroker } from '../../dist/site/link/embedded-broker.js';
import { keptJournal, NOT_KEPT, otherThanTold } from '../rig/kept-journal.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const random = seeded(Number(values.seed));
/** A kill comes so long after the first event of a life, at most. */
const KILL_WITHIN_MS = 400;
const REQUESTS = [
  ['open', { reason: 'parcel' }],
  ['lock', {}],
  ['mode', { mode: 'open-house' }],
  ['open', {}],
  ['mode', { mode: 'normal' }],
];

const folder = mkdtempSync(join(tmpdir(), 'kaimon-event-kill-'));
const broker = await startBroker();
const state = join(folder, 'state');
const config = join(folder, 'kaimon.yaml');
writeFileSync(
  config,
  `site: kill\ngate: gate\ncamera: { kind: replay, path: ${join(folder, 'no-film')} }\nmqtt: { enabled: true, url: '${broker.url}' }\ngreeting: { enabled: false }\ndoor: { pulseMs: 500 }\n`,
);

/** What was reported to the site, by number of the entry. */
const reported = new Map();
/** By the id of each request: its number, and its mode where it orders one. */
const asked = new Map();
/** Those of this life that were answered. */
let answered = [];
const report = {
  seed: Number(values.seed),
  kills: 0,
  events: 0,
  answers: 0,
  /** Of these, what had no entry after the kill. */
  overtaken: 0,
  entries: 0,
  repaired: 0,
  faults: [],
  seconds: 0,
};
const start = Date.now();
const gate = 'kaimon/kill/gates/gate';
const client = await connectAsync(broker.url, { protocolVersion: 4 });
await client.subscribeAsync([`${gate}/state`, `${gate}/event`, `${gate}/response/+`], { qos: 1 });
let onMessage = () => undefined;
client.on('message', (topic, payload) => payload.length > 0 && onMessage(topic, JSON.parse(payload.toString())));
let number = 0;

function ask() {
  const [verb, args] = REQUESTS[number++ % REQUESTS.length];
  const now = Date.now();
  const id = randomUUID();
  const by = `asker ${number}`;
  asked.set(id, { number, mode: args.mode });
  const envelope = {
    v: 1,
    id,
    time: new Date(now).toISOString(),
    expires: new Date(now + 60_000).toISOString(),
    by,
    args,
  };
  client.publish(`${gate}/request/${verb}`, JSON.stringify(envelope), { qos: 1 });
}

/** One life of the daemon: from its start to its violent end. */
async function life() {
  const daemon = new Daemon({ config, state, log: join(folder, 'gate.log') });
  let killedByUs = false;
  const killed = new Promise((resolve) => {
    let doomed = false;
    onMessage = (topic, message) => {
      // Two at a time: one is answered while another is written.
      if (topic.endsWith('/state') && message.status !== 'offline' && !doomed) {
        doomed = true;
        ask();
        ask();
        setTimeout(() => {
          killedByUs = true;
          process.kill(daemon.pid, 'SIGKILL');
          resolve();
        }, random() * KILL_WITHIN_MS);
      }
      if (topic.includes('/response/')) {
        if (message.ok) answered.push(asked.get(message.id));
        ask();
      }
      if (!topic.endsWith('/event') || NOT_KEPT.includes(message.type)) return;
      report.events += 1;
      if (message.entry === undefined) report.faults.push(`${message.id} (${message.type}) has no entry`);
      else reported.set(message.entry, message.type);
    };
  });
  // A daemon that ends by itself ends this too.
  await Promise.race([killed, daemon.failsEarly(join(folder, 'gate.log'))]).catch((error) => {
    if (!killedByUs) throw error;
  });
  await daemon.stop();
  // What the broker delivers late was reported all the same.
  await new Promise((resolve) => setTimeout(resolve, 50));
  onMessage = () => undefined;
}

async function check() {
  const { faults, types, askers, repaired } = await keptJournal(state);
  report.faults.push(...faults, ...otherThanTold(reported, types));
  const kept = [...askers].map((by) => Number(by.split(' ')[1]));
  const last = Math.max(0, ...kept);
  const missing = answered.filter(({ number }) => !askers.has(`asker ${number}`));
  for (const { number } of missing)
    if (number < last)
      report.faults.push(`asker ${number} was answered, asker ${last} has an entry, and ${number} has none`);
  const ordered = answered.findLast(({ mode }) => mode !== undefined);
  if (ordered) {
    const { mode } = JSON.parse(readFileSync(join(state, 'door-mode.json'), 'utf8'));
    // What was asked after it may have been done as well, and a lock ends the open house.
    const later = [...asked.values()].filter(({ number }) => number > ordered.number);
    const allowed = [ordered, ...later].flatMap((one) => one.mode ?? 'normal');
    if (!allowed.includes(mode)) report.faults.push(`mode ${ordered.mode} was answered, and ${mode} is kept`);
  }
  report.answers += answered.length;
  report.overtaken += missing.length;
  report.entries = types.size;
  report.repaired = repaired;
  answered = [];
}

for (let round = 0; round < Number(values.kills) && report.faults.length === 0; round++) {
  // The last state of a killed gate says "online" until its will arrives.
  await client.publishAsync(`${gate}/state`, '', { retain: true, qos: 1 });
  await life();
  await check();
  report.kills += 1;
  if (!values.json && (round + 1) % 10 === 0)
    process.stderr.write(`${round + 1} of ${values.kills} kills, ${report.events} events\n`);
}
report.seconds = Math.round((Date.now() - start) / 1000);
await client.endAsync(true);
await broker.close();
if (report.faults.length === 0) rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${values.json ? JSON.stringify(report) : JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.faults.length === 0 && report.events > 0 ? 0 : 1;
