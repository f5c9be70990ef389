// node test/kill/daemon-kill.mjs [--kills 200] [--seed 1] [--json]: SIGKILLs the whole daemon at random points while people are
// enrolled over MQTT with real photos, and looks on the disk, before the next start, whether every acknowledged one is there.
// Needs `npm run build` and built models.
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectAsync } from 'mqtt';
import { Daemon } from '../../dist/demo/daemon.js';
import { ENROLLED } from '../../dist/demo/people.js';
import { inStudio } from '../../dist/demo/studio-client.js';
import { seeded } from '../../dist/kit/seeded-random.js';
import { encoderId, findModel } from '../../dist/models/manifest.js';
import { loadManifest } from '../../dist/models/model-files.js';
import { startBroker } from '../../dist/site/link/embedded-broker.js';
import { faults, Ledger, reopen, wreckage } from './store-check.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const kills = Number(values.kills);
const random = seeded(Number(values.seed));
/** A kill comes between the first acknowledgement of a round and this much later. */
const KILL_WITHIN_MS = 700;
const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const samples = fileURLToPath(new URL('../../models/build/samples', import.meta.url));
const encoder = encoderId(findModel(loadManifest(), 'encoder', 'mobilefacenet'));

const folder = mkdtempSync(join(tmpdir(), 'kaimon-daemon-kill-'));
const portraits = ENROLLED.map(({ name, likeness }) => ({ likeness, out: join(folder, `${name}.jpg`) }));
await inStudio({ job: 'portraits', photos: samples, portraits });
const photos = portraits.map(({ out }) => readFileSync(out).toString('base64'));

const broker = await startBroker();
const state = join(folder, 'state');
const file = join(state, 'people.json');
const config = join(folder, 'kaimon.yaml');
mkdirSync(join(folder, 'camera'));
writeFileSync(
  config,
  `site: kill\ngate: gate\ncamera: { kind: replay, path: ${join(folder, 'no-film')} }\nmqtt: { enabled: true, url: '${broker.url}' }\ngreeting: { speak: false }\n`,
);

const ledger = new Ledger();
const report = { kills: 0, acknowledged: 0, faults: [], where: {}, leftoversAfterOpening: 0, seconds: 0 };
const start = Date.now();
const client = await connectAsync(broker.url, { protocolVersion: 4 });
await client.subscribeAsync(['kaimon/kill/gates/gate/state', 'kaimon/kill/gates/gate/response/+'], { qos: 1 });
let onMessage = () => undefined;
client.on('message', (topic, payload) => payload.length > 0 && onMessage(topic, JSON.parse(payload.toString())));
let number = 0;

/** One life of the daemon: from its start to its violent end. */
async function life() {
  const daemon = new Daemon({ config, state, log: join(folder, 'gate.log') });
  const asked = new Map();
  let killedByUs = false;
  const ask = () => {
    const id = `person-${number++}`;
    const request = randomUUID();
    const now = Date.now();
    asked.set(request, id);
    ledger.note('enrol', id);
    const args = { name: id, id, photo: photos[number % photos.length], force: true };
    const envelope = {
      v: 1,
      id: request,
      time: new Date(now).toISOString(),
      expires: new Date(now + 60_000).toISOString(),
      by: 'kill',
      args,
    };
    client.publish('kaimon/kill/gates/gate/request/enroll', JSON.stringify(envelope), { qos: 1 });
  };
  const killed = new Promise((resolve) => {
    let up = false;
    let doomed = false;
    onMessage = (topic, message) => {
      if (topic.endsWith('/state') && message.eye === 'up' && !up) {
        up = true;
        // Two at a time: one is measured while another is saved.
        ask();
        ask();
      }
      if (!topic.includes('/response/')) return;
      const id = asked.get(message.id);
      if (id === undefined) return;
      if (!message.ok) throw new Error(`${id} was refused: ${JSON.stringify(message.error)}`);
      ledger.note('enrolled', id, message.result.version);
      ask();
      if (doomed) return;
      doomed = true;
      setTimeout(() => {
        killedByUs = true;
        process.kill(daemon.pid, 'SIGKILL');
        resolve();
      }, random() * KILL_WITHIN_MS);
    };
  });
  // A daemon that ends by itself ends this too.
  await Promise.race([killed, daemon.failsEarly(join(folder, 'gate.log'))]).catch((error) => {
    if (!killedByUs) throw error;
  });
  await daemon.stop();
  // What the broker delivers late was acknowledged all the same.
  await new Promise((resolve) => setTimeout(resolve, 50));
  onMessage = () => undefined;
}

/** The last state of a killed gate says "up" until its will arrives: wait for the new one to say that it starts. */
async function retire() {
  await client.publishAsync('kaimon/kill/gates/gate/state', '', { retain: true, qos: 1 });
}

for (let round = 0; round < kills; round++) {
  await retire();
  await life();
  const { where } = wreckage(file);
  report.where[where] = (report.where[where] ?? 0) + 1;
  const { people, removed, alarms } = await reopen({ dist, file, encoder });
  report.faults.push(...faults({ people, removed }, ledger), ...alarms);
  report.leftoversAfterOpening += wreckage(file).temps;
  report.kills += 1;
  report.acknowledged = ledger.acknowledgements;
  if (!values.json && (round + 1) % 10 === 0)
    process.stderr.write(
      `${round + 1} of ${kills} kills, ${ledger.acknowledgements} acknowledged, ${report.faults.length} faults\n`,
    );
  if (report.faults.length > 0) break;
}
report.seconds = Math.round((Date.now() - start) / 1000);
await client.endAsync(true);
await broker.close();
if (report.faults.length === 0) rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${values.json ? JSON.stringify(report) : JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.faults.length === 0 ? 0 : 1;
