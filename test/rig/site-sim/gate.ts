import { randomBytes } from 'node:crypto';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Adapter } from 'lowdb';
import type { SiteKeys } from '../../../src/keys/open-keys.js';
import { silentLog } from '../../../src/kit/log.js';
import type { Person } from '../../../src/person/person.js';
import { offlineWill } from '../../../src/site/leave-site.js';
import { MqttLink } from '../../../src/site/link/mqtt-link.js';
import { Outbox } from '../../../src/site/outbox.js';
import type { GateHandlers } from '../../../src/site/requests/request-server.js';
import { SeenRequests } from '../../../src/site/requests/seen-requests.js';
import { Site } from '../../../src/site/site.js';
import { InSyncFile } from '../../../src/site/sync/in-sync-file.js';
import { ownRecord } from '../../../src/site/sync/people-records.js';
import { stampOf } from '../../../src/store/merge.js';
import { documentChunks, type PeopleDocument } from '../../../src/store/people-document.js';
import type { PeopleChange } from '../../../src/store/people-options.js';
import { PeopleStore } from '../../../src/store/people-store.js';
import { noSiteReports } from '../../support/no-site-reports.js';
import { type Cable, layCable } from './cable.js';
import { GateClock, type SimTime } from './sim-time.js';
import { CountedLink, type Traffic } from './traffic.js';

export const ENCODER = 'mobilefacenet@000000000000';
export const SITE = 'home';

export interface SimGateParts {
  readonly name: string;
  /** Each life of the gate has a folder of its own below. */
  readonly folder: string;
  readonly brokerPort: number;
  readonly time: SimTime;
  readonly traffic: Traffic;
  readonly keys: SiteKeys | undefined;
  /** Whether its people are on the disk of this machine; otherwise in memory, for a machine that cannot write for a whole fleet. */
  readonly onDisk: boolean;
  readonly onChange: (change: PeopleChange) => void;
}

/** One life of a gate, from its start to its end or its kill. */
interface Life {
  readonly folder: string;
  readonly people: PeopleStore;
  readonly storage: MemoryDisk | undefined;
  readonly inSync: InSyncFile;
  readonly link: MqttLink;
  readonly outbox: Outbox;
  readonly site: Site;
  readonly unlisten: () => void;
}

/** A gate's people and its part in the site, as the daemon has them; without door and eye. */
export class SimGate {
  readonly name: string;
  readonly clock: GateClock;
  readonly #parts: SimGateParts;
  readonly #cable: Cable;
  #life: Life | undefined;
  #lives = 0;
  /** What the next life finds where its disk is in memory. */
  #document: PeopleDocument | undefined;
  /** Lives that were left without a close: their last writes may still be under way. */
  readonly #left: Promise<void>[] = [];
  pulled = false;
  #upAt = 0;

  private constructor(parts: SimGateParts, cable: Cable) {
    this.name = parts.name;
    this.#parts = parts;
    this.#cable = cable;
    this.clock = new GateClock(parts.time);
  }

  static async make(parts: SimGateParts): Promise<SimGate> {
    return new SimGate(parts, await layCable(parts.brokerPort));
  }

  get running(): boolean {
    return this.#life !== undefined;
  }

  get up(): boolean {
    return this.#life?.link.up ?? false;
  }

  /** For how long it has been connected, in milliseconds. */
  get upForMs(): number {
    return this.up ? performance.now() - this.#upAt : 0;
  }

  get problems(): readonly string[] {
    return this.#life?.site.problems ?? [];
  }

  get people(): PeopleStore {
    if (!this.#life) throw new Error(`${this.name} does not run`);
    return this.#life.people;
  }

  /** Counts the starts: what was asked of one life is not acknowledged by the next. */
  get lives(): number {
    return this.#lives;
  }

  get #folder(): string {
    return join(this.#parts.folder, `${this.name}-${this.#lives}`);
  }

  /** Before the first start: these people are on its disk. */
  async fill(document: PeopleDocument): Promise<void> {
    this.#document = document;
    await mkdir(this.#folder, { recursive: true });
    if (this.#parts.onDisk) await writeFile(join(this.#folder, 'people.json'), [...documentChunks(document)].join(''));
  }

  /** Starts the gate from what its disk holds. */
  async start(): Promise<void> {
    const { name, traffic, keys } = this.#parts;
    const { clock } = this;
    const folder = this.#folder;
    await mkdir(folder, { recursive: true });
    const log = silentLog;
    const storage = this.#parts.onDisk ? undefined : new MemoryDisk(this.#document);
    const people = await PeopleStore.open({
      file: join(folder, 'people.json'),
      encoder: ENCODER,
      gate: name,
      clock,
      log,
      ...(storage && { storage }),
    });
    people.judgeBy(clock);
    const inSync = await InSyncFile.open({ state: folder, clock, log });
    const names = { site: SITE, gate: name };
    const config = { url: this.#cable.url, protocol: 5 as const, keepaliveSeconds: 60 };
    const link = new MqttLink({ config, names, will: offlineWill(names), clock, log });
    link.onUp(() => {
      this.#upAt = performance.now();
    });
    const boot = randomBytes(4).toString('hex');
    const outbox = new Outbox({ gate: name, boot, clock, log });
    const site = new Site({
      instance: { machine: name, boot },
      link: new CountedLink(link, traffic),
      names,
      outbox,
      clock,
      log,
      people,
      inSync,
      tombstoneDays: 400,
      handlers: noHandlers,
      reports: noSiteReports,
      requests: {
        seen: new SeenRequests(),
        keep: () => undefined,
        keepSoon: () => undefined,
        kept: () => Promise.resolve(),
      },
      trustedClock: clock,
      keys,
      written: () => Promise.resolve(),
    });
    const unlisten = people.onChange(this.#parts.onChange);
    this.#lives++;
    this.#life = { folder, people, storage, inSync, link, outbox, site, unlisten };
    site.state({
      status: 'online',
      door: { mode: 'normal', state: 'locked' },
      camera: 'none',
      eye: 'none',
      problems: [],
    });
    site.info({ version: 'simulated', encoder: ENCODER });
    site.start();
  }

  /** As a power cut: its connection breaks, and what is on its disk at this moment is what its next life starts from. */
  async kill(): Promise<void> {
    const life = this.#life;
    if (!life) return;
    this.#life = undefined;
    life.unlisten();
    this.#cable.pull();
    this.#document = life.storage?.document;
    // Files are replaced whole, so a copy of the folder is what a disk holds after a power cut.
    await copied(life.folder, this.#folder);
    if (!this.pulled) this.#cable.plug();
    this.#left.push(this.#bury(life));
  }

  pull(): void {
    this.pulled = true;
    this.#cable.pull();
  }

  plug(): void {
    this.pulled = false;
    this.#cable.plug();
  }

  async close(): Promise<void> {
    if (this.#life) this.#left.push(this.#bury(this.#life));
    this.#life = undefined;
    await Promise.all(this.#left);
    await this.#cable.close();
  }

  /** A stamp for each person and each removal that this gate knows. */
  stamps(): Map<string, string> {
    const { people } = this;
    const stamps = new Map<string, string>();
    for (const person of people.all()) stamps.set(person.id, stampOf(person));
    for (const id of people.tombstones().keys()) {
      const stamp = this.stamp(id);
      if (stamp !== undefined) stamps.set(id, stamp);
    }
    return stamps;
  }

  stamp(id: string): string | undefined {
    const record = this.#life && ownRecord(this.#life.people, id);
    return record && stampOf(record);
  }

  /** Somebody whom this gate knows. @param random in [0, 1) */
  someone(ids: readonly string[], random: () => number): Person | undefined {
    for (let tries = 0; tries < 5; tries++) {
      const person = this.people.get(ids[Math.floor(random() * ids.length)] ?? '');
      if (person) return person;
    }
    return undefined;
  }

  async #bury({ people, inSync, link, outbox, site }: Life): Promise<void> {
    site.stop();
    outbox.stop();
    await link.end();
    // What a buried life could not write any more is of no interest to anybody.
    await Promise.allSettled([people.close(), inSync.close()]);
  }
}

/** A disk in memory, which takes a moment as one does. */
class MemoryDisk implements Adapter<PeopleDocument> {
  document: PeopleDocument | undefined;

  constructor(document: PeopleDocument | undefined) {
    this.document = document;
  }

  async read(): Promise<PeopleDocument | null> {
    return this.document ?? null;
  }

  async write(document: PeopleDocument): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.document = document;
  }
}

/** Copies a folder in which files are being replaced: one that is gone meanwhile was a temporary one. */
async function copied(from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await rm(to, { recursive: true, force: true });
      await cp(from, to, { recursive: true, filter: (path) => !/\.lock(\.|$)|\.tmp/.test(path) });
      return;
    } catch (thrown) {
      if (tries === 20) throw thrown;
    }
  }
}

const notHere = () => Promise.reject(new Error('there are no requests in this simulation'));
const noHandlers: GateHandlers = {
  enroll: notHere,
  remove: notHere,
  people: notHere,
  forgive: notHere,
  open: notHere,
  lock: notHere,
  mode: notHere,
  ping: notHere,
  snapshot: notHere,
  verify: notHere,
  journal: notHere,
};
