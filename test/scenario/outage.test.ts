import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { WIRES } from '../../src/demo/door-script.js';
import { queryEntries } from '../../src/journal/audit/query.js';
import { FileDisk, journalFolder } from '../../src/journal/file-disk.js';
import { isAlarm, isTold } from '../../src/site/events/event-of.js';
import { type Mosquitto, startMosquitto } from '../site/mosquitto.js';
import { until } from '../site/until.js';
import { CLI, discard, type Event, scratch } from './harness.js';

const DAEMON = new URL('../../dist/demo/daemon.js', import.meta.url).href;
const EVENTS = 'kaimon/home/gates/north/event';
const notBuilt = existsSync(CLI) ? undefined : 'dist/ is not built: npm run build';

let folder: string;
let broker: Mosquitto;
let consumer: MqttClient;
/** As the consumer got them, repeated ones and all. */
const received: Event[] = [];

beforeAll(async () => {
  folder = scratch();
  const kept = [
    'persistence true',
    `persistence_location ${folder}/`,
    'autosave_on_changes true',
    'autosave_interval 1',
  ];
  broker = await startMosquitto(kept);
  // A session that the broker keeps: what comes while the consumer is away waits there.
  consumer = await connectAsync(broker.url, { clientId: 'consumer', clean: false, reconnectPeriod: 50 });
  consumer.on('message', (_topic, payload) => received.push(JSON.parse(payload.toString()) as Event));
  await consumer.subscribeAsync(EVENTS, { qos: 1 });
});

afterAll(async () => {
  await consumer?.endAsync(true);
  await broker?.stop();
  discard(folder);
});

const state = () => join(folder, 'state');

async function startGate() {
  const { Daemon } = (await import(DAEMON)) as typeof import('../../src/demo/daemon.js');
  const config = join(folder, 'kaimon.yaml');
  const at = (offset: number) => ({ line: offset });
  mkdirSync(state(), { recursive: true });
  writeFileSync(
    config,
    stringify({
      site: 'home',
      gate: 'north',
      camera: { kind: 'replay', path: join(folder, 'no-film') },
      greeting: { enabled: false },
      mqtt: { enabled: true, url: broker.url },
      door: {
        kind: 'gpio',
        gpio: { backend: 'simulated', simulatedWires: 'parent' },
        debounceMs: 1,
        pulseMs: 100,
        relay: at(WIRES.relay),
        rex: { ...at(WIRES.rex), activeLevel: 'high' },
        contact: at(WIRES.contact),
        tamper: at(WIRES.tamper),
        fire: at(WIRES.fire),
      },
    }),
  );
  const daemon = new Daemon({ config, state: state(), log: join(folder, 'gate.log'), onMessage: () => undefined });
  return {
    wire: (name: keyof typeof WIRES, high: boolean) => daemon.send({ kind: 'wire', offset: WIRES[name], high }),
    async kill() {
      process.kill(daemon.pid, 'SIGKILL');
      await daemon.stop();
    },
    stop: () => daemon.stop(),
  };
}
type Gate = Awaited<ReturnType<typeof startGate>>;

/** How often the journal on the disk has this type. */
function inJournal(type: string): number {
  const at = journalFolder(state());
  const files = existsSync(at) ? readdirSync(at).filter((name) => name.endsWith('.jsonl')) : [];
  return files.reduce(
    (sum, name) => sum + readFileSync(join(at, name), 'utf8').split(`"type":"${type}"`).length - 1,
    0,
  );
}

/** Moves a wire until the journal has one more of a type: two moves in one turn of a busy gate are none. */
async function journalled(gate: Gate, name: keyof typeof WIRES, type: string): Promise<void> {
  const before = inJournal(type);
  let looks = 0;
  await until(`the journal has another "${type}"`, () => {
    if (inJournal(type) > before) return true;
    gate.wire(name, looks++ % 40 !== 0);
    return false;
  });
}

/** People who leave: they press the button. */
async function passages(gate: Gate, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await journalled(gate, 'rex', 'exit');
}

const withoutRepeats = () => [...new Map(received.map((event) => [event['id'], event])).values()];

/** What must be told, as the journal has it. */
async function toldEntries() {
  const told: { readonly id: string; readonly n: number; readonly type: string; readonly time: string }[] = [];
  for await (const { entry } of queryEntries(new FileDisk(journalFolder(state())), {}))
    if (isTold(entry.type))
      told.push({ id: `north-${entry.boot}-${entry.n}`, n: entry.n, type: entry.type, time: entry.time });
  return told;
}

test.skipIf(notBuilt)(
  `a broker that is down for 500 passages, and a kill of the gate in between: a consumer sees each once, in order, alarms first${notBuilt ? ` (${notBuilt})` : ''}`,
  async () => {
    let gate = await startGate();
    await until('the first events arrived', () => received.some(({ type }) => type === 'started'), 30);
    await passages(gate, 1);
    await until('they are told', () => received.some(({ type }) => type === 'exit'));

    await broker.kill();
    const before = (await toldEntries()).length;
    await passages(gate, 250);
    await journalled(gate, 'tamper', 'tamper');
    await gate.kill();
    gate = await startGate();
    await until('the gate has started anew', () => inJournal('started') === 2, 30);
    await passages(gate, 250);
    await journalled(gate, 'fire', 'fire');
    const inOutage = (await toldEntries()).slice(before);
    expect(inOutage.filter(({ type }) => type === 'exit')).toHaveLength(500);

    await broker.restart();
    const has = (n: number | undefined) => received.some((event) => event['n'] === n);
    await until(
      'the last one arrived',
      () => has(inOutage.at(-1)?.n) && has(inOutage.findLast(({ type }) => !isAlarm(type))?.n),
      60,
    );
    const afterOutage = withoutRepeats().filter(({ id }) => inOutage.some((entry) => entry.id === id));
    expect(afterOutage.map(({ id }) => id)).toEqual([
      ...inOutage.filter(({ type }) => isAlarm(type)).map(({ id }) => id),
      ...inOutage.filter(({ type }) => !isAlarm(type)).map(({ id }) => id),
    ]);

    // What was told since the cursor was last saved is told again after a kill, under the ids that it had.
    const once = received.length;
    await gate.kill();
    gate = await startGate();
    await until(
      'the third start is told',
      () => withoutRepeats().filter(({ type }) => type === 'started').length === 3,
      30,
    );
    expect(await gate.stop()).toBe(true);
    const all = await toldEntries();
    await until('the stop is told', () => received.some(({ id }) => id === all.at(-1)?.id));
    // What a slow disk had not taken within two seconds was told without its number, and not again.
    const early = ({ id, type, time }: Event) =>
      String(id).includes('-m') ? all.find((entry) => entry.type === type && entry.time === time)?.id : id;
    const ids = withoutRepeats().map(early);
    expect([...ids].sort()).toEqual(all.map(({ id }) => id).sort());
    process.stderr.write(`${once} messages until the second kill, ${received.length} in all, ${ids.length} events\n`);
  },
  240_000,
);
