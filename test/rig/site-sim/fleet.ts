import { mkdirSync } from 'node:fs';
import { connectAsync, type MqttClient } from 'mqtt';
import type { SiteKeys } from '../../../src/keys/open-keys.js';
import type { Person } from '../../../src/person/person.js';
import { infoSchema } from '../../../src/site/messages.js';
import type { SiteRecord } from '../../../src/store/merge.js';
import { stampOf } from '../../../src/store/merge.js';
import { emptyDocument } from '../../../src/store/people-document.js';
import type { PeopleChange } from '../../../src/store/people-options.js';
import { Brokers } from './brokers.js';
import { ENCODER, SITE, SimGate } from './gate.js';
import { Lag } from './lag.js';
import { Model } from './model.js';
import { SimTime } from './sim-time.js';
import { Traffic } from './traffic.js';

export interface FleetOptions {
  readonly folder: string;
  readonly gates: number;
  readonly brokers: 1 | 2;
  /** So many gates have their people on the disk, the others in memory. */
  readonly onDisk: number;
  /** The keys of a gate. */
  readonly keys: (gate: string) => SiteKeys | undefined;
  /** Known everywhere at the start. */
  readonly people: readonly Person[];
}

/** Gates, their brokers, and what is known of what they did. */
export class Fleet {
  readonly gates: SimGate[] = [];
  readonly brokers: Brokers;
  readonly time = new SimTime();
  readonly traffic = new Traffic();
  readonly model = new Model();
  readonly lag = new Lag((name) => this.gates.find((gate) => gate.name === name)?.upForMs ?? 0);
  /** What must not happen and did. */
  readonly wrong: string[] = [];
  /** What was done, for the way to a fault. At most some lines an edit. */
  readonly trace: string[] = [];
  /** Removals that a gate with a clock of years ahead forgot. */
  forgotten = 0;
  /** Removals that each gate knows, and those that it has acknowledged itself. */
  readonly #removed = new Map<string, Set<string>>();
  /** Gates that have believed a wrong clock. */
  readonly #misled = new Set<string>();
  readonly #acknowledged = new Map<string, Set<string>>();
  readonly #watchers: MqttClient[] = [];
  /** The hash of the people that each gate has published, for each broker. */
  readonly #hashes: Map<string, string>[] = [];
  readonly #began = performance.now();

  private constructor(brokers: Brokers) {
    this.brokers = brokers;
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const { folder, gates, people } = options;
    mkdirSync(folder, { recursive: true });
    const fleet = new Fleet(await Brokers.start(folder, options.brokers));
    await fleet.#watch();
    const document = { ...emptyDocument(ENCODER), people: new Map(people.map((one) => [one.id, one])) };
    for (const person of people) fleet.model.make(person, fleet.time.wall(), true);
    for (let i = 0; i < gates; i++) {
      const name = `g${i}`;
      const gate = await SimGate.make({
        name,
        folder,
        brokerPort: fleet.brokers.port(i % options.brokers),
        time: fleet.time,
        traffic: fleet.traffic,
        keys: options.keys(name),
        onDisk: i < options.onDisk,
        onChange: (change) => fleet.#changed(gate, change),
      });
      fleet.gates.push(gate);
      fleet.#acknowledged.set(name, new Set());
      await gate.fill(document);
    }
    await Promise.all(fleet.gates.map((gate) => fleet.open(gate)));
    return fleet;
  }

  note(text: string): void {
    this.trace.push(`${((performance.now() - this.#began) / 1000).toFixed(3)} ${text}`);
  }

  /** Starts a gate. What it has acknowledged before must be on its disk. */
  async open(gate: SimGate): Promise<void> {
    await gate.start();
    const removed = new Set(gate.people.tombstones().keys());
    this.#removed.set(gate.name, removed);
    for (const id of this.#acknowledged.get(gate.name) ?? [])
      if (!removed.has(id)) this.fault(`${id}: the removal that ${gate.name} acknowledged was lost by a kill`);
  }

  async kill(gate: SimGate): Promise<void> {
    this.lag.disturb(gate.name);
    await gate.kill();
    // What it alone of those with the right time had in memory may not have reached its disk: a gate that was misled since it had it has dated it back.
    if (this.gates.some(({ clock }) => clock.misled)) this.#excuse();
    else this.#excuse(this.#misled);
  }

  /** A gate enrols or changes somebody; a refusal is one, and no fault. */
  async put(gate: SimGate, person: Omit<Person, 'version'>): Promise<void> {
    const { lives } = gate;
    const put = await gate.people.put(person);
    if (gate.lives === lives && gate.running) this.#acknowledge(gate, put);
  }

  async remove(gate: SimGate, id: string): Promise<void> {
    const { lives } = gate;
    const version = await gate.people.remove(id, gate.name);
    if (version === undefined || gate.lives !== lives || !gate.running) return;
    this.#acknowledged.get(gate.name)?.add(id);
    this.#acknowledge(gate, { id, removed: true, version, by: gate.name });
  }

  /** A gate has a wrong clock from here on, and believes in it or not. */
  setClock(gate: SimGate, offsetMs: number, trusted: boolean): void {
    this.lag.disturb(gate.name);
    gate.clock.offsetMs = offsetMs;
    gate.clock.trusted = trusted;
    if (!gate.clock.misled) return;
    this.#misled.add(gate.name);
    this.#excuse();
  }

  /** @param makers only what one of these gates made; undefined: whoever made it */
  #excuse(makers?: ReadonlySet<string>): void {
    const right = this.gates.filter(({ running, clock }) => running && !clock.misled);
    this.model.excuse((id, stamp) => right.some((one) => (one.stamp(id) ?? '') >= stamp), makers);
  }

  fault(text: string): void {
    this.note(`WRONG ${text}`);
    if (this.wrong.length < 100) this.wrong.push(text);
  }

  /** What a gate last said of its people, at each broker. */
  hashes(gate: string): readonly (string | undefined)[] {
    return this.#hashes.map((hashes) => hashes.get(gate));
  }

  async close(): Promise<void> {
    for (const watcher of this.#watchers) await watcher.endAsync(true);
    await Promise.all(this.gates.map((gate) => gate.close()));
    await this.brokers.close();
  }

  #acknowledge(gate: SimGate, record: SiteRecord): void {
    this.model.acknowledge(record, this.time.wall());
    // Begun with the right time, and acknowledged with another.
    if (gate.clock.misled) this.#excuse();
    if (!this.brokers.whole || gate.clock.misled || !gate.up) return;
    const gates = this.gates.filter((one) => one.up && !one.clock.misled && one !== gate);
    const knows = (name: string) => this.gates.find((one) => one.name === name)?.stamp(record.id);
    this.lag.acknowledged(
      record.id,
      stampOf(record),
      gates.map(({ name }) => name),
      knows,
    );
  }

  #changed(gate: SimGate, { id, person, version, by, origin }: PeopleChange): void {
    const removed = this.#removed.get(gate.name);
    if (origin === 'forgotten' || version === undefined) {
      if (removed?.delete(id)) this.forgotten++;
      this.#acknowledged.get(gate.name)?.delete(id);
      this.note(`${gate.name} forgets ${id}`);
      return;
    }
    const record: SiteRecord = person ?? { id, removed: true, version, by };
    if (origin === 'local') {
      this.model.make(record, this.time.wall());
      this.note(`${gate.name} ${person ? 'puts' : 'removes'} ${id} ${version}`);
    }
    if (person && removed?.has(id))
      this.fault(`${id}: ${gate.name} knew of the removal, and ${version} came back there`);
    if (!person) removed?.add(id);
    this.lag.knows(gate.name, id, stampOf(record));
  }

  async #watch(): Promise<void> {
    for (let i = 0; i < this.brokers.count; i++) {
      const hashes = new Map<string, string>();
      this.#hashes.push(hashes);
      const watcher = await connectAsync(`mqtt://127.0.0.1:${this.brokers.port(i)}`, { reconnectPeriod: 300 });
      watcher.on('error', (error) => this.note(`a watcher: ${error.message}`));
      watcher.on('message', (topic, payload) => {
        const info = infoSchema.safeParse(JSON.parse(payload.toString())).data;
        if (info) hashes.set(topic.split('/')[3] ?? '', info.people.hash);
      });
      await watcher.subscribeAsync(`kaimon/${SITE}/gates/+/info`, { qos: 1 });
      this.#watchers.push(watcher);
    }
  }
}
