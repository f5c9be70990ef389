// node test/rig/fleet-size.mjs [--people 10000,50000] [--start-to 50000]: what a site of that many people costs: bytes of a record, Mosquitto's memory for them, and the
// start of a gate that knows them already and of one that knows nobody (up to --start-to people), over loopback. The inputs of docs/fleet-size.md. Needs mosquitto, no build.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import mqtt from 'mqtt';
import { fromSources } from '../soak/from-sources.mjs';

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '10000,50000' },
    'start-to': { type: 'string', default: '50000' },
  },
});
const [{ startMosquitto }, sample, { SimGate, ENCODER }, { SimTime }, { Traffic }, { recordTexts }, { emptyDocument }] =
  await fromSources(
    '/test/site/mosquitto.ts',
    '/test/rig/site-sim/sample.ts',
    '/test/rig/site-sim/gate.ts',
    '/test/rig/site-sim/sim-time.ts',
    '/test/rig/site-sim/traffic.ts',
    '/test/rig/site-sim/record-texts.ts',
    '/src/store/people-document.ts',
  );
const say = (line) => process.stdout.write(`${line}\n`);
const NUMBERS = 512;
const random = () => Math.random();
const keys = sample.keysFor(['g0'], true)('g0');
const made = (count, numbers, templates = 1) =>
  sample.founders(count, numbers, random).map((person) => ({
    ...person,
    templates: Array.from({ length: templates }, () => person.templates[0]),
  }));

for (const [numbers, templates] of [
  [128, 1],
  [512, 1],
  [512, 3],
]) {
  const people = made(1, numbers, templates);
  const [plain, sealed] = [undefined, keys].map((given) => recordTexts(people, given).next().value.text.length);
  say(`a record of ${templates} × ${numbers} numbers: ${plain} bytes plain, ${sealed} signed and sealed`);
}

const folder = mkdtempSync(join(tmpdir(), 'kaimon-fleet-size-'));
for (const count of values.people.split(',').map(Number)) {
  const people = made(count, NUMBERS);
  for (const given of [undefined, keys]) {
    const how = given ? 'signed and sealed' : 'plain';
    const broker = await startMosquitto(['max_packet_size 8454144', 'set_tcp_nodelay true']);
    const empty = brokerMiB(broker);
    const client = await mqtt.connectAsync(broker.url, { protocolVersion: 5 });
    let waiting = [];
    for (const { id, text } of recordTexts(people, given)) {
      waiting.push(client.publishAsync(`kaimon/home/people/${id}`, text, { qos: 1, retain: true }));
      if (waiting.length < 64) continue;
      await Promise.all(waiting);
      waiting = [];
    }
    await Promise.all(waiting);
    await client.endAsync();
    say(`${count} people, ${how}: Mosquitto has ${brokerMiB(broker).toFixed(0)} MiB, ${empty.toFixed(0)} without`);
    for (const known of count <= Number(values['start-to']) ? [people, []] : []) {
      const traffic = new Traffic();
      const parts = { name: 'g0', folder, brokerPort: broker.port, time: new SimTime(), traffic, keys: given };
      const gate = await SimGate.make({ ...parts, onDisk: true, onChange: () => undefined });
      await gate.fill({ ...emptyDocument(ENCODER), people: new Map(known.map((one) => [one.id, one])) });
      const began = performance.now();
      const cpu = process.cpuUsage();
      await gate.start();
      const read = performance.now() - began;
      const received = () => traffic.received.get('person')?.messages ?? 0;
      while (gate.people.size < count || received() < count) await new Promise((resolve) => setTimeout(resolve, 20));
      const { user, system } = process.cpuUsage(cpu);
      const all = [...traffic.received.values()];
      const sum = (what) => all.reduce((total, one) => total + one[what], 0);
      say(
        `  a gate that knows ${known.length}: ${(read / 1000).toFixed(1)} s to read its disk, all compared after ${((performance.now() - began) / 1000).toFixed(1)} s (CPU ${((user + system) / 1e6).toFixed(1)} s), ${sum('messages')} messages of ${(sum('bytes') / 2 ** 20).toFixed(1)} MiB received, ${[...traffic.sent.values()].reduce((total, one) => total + one.messages, 0)} sent; load ${loadavg()[0].toFixed(1)}`,
      );
      await gate.close();
      rmSync(folder, { recursive: true, force: true });
    }
    await broker.stop();
  }
}

function brokerMiB(broker) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${broker.pid}/status`, 'utf8'))?.[1]) / 1024;
}
