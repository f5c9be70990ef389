import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import type { Person, Tombstone } from '../../../src/person/person.js';
import type { MergeOutcome } from '../../../src/person/version.js';
import { forgetAfterMs } from '../../../src/site/sync/absence.js';
import type { CaredPeople } from '../../../src/site/sync/people-care.js';
import type { PeopleRules } from '../../../src/site/sync/people-records.js';
import { PeopleMemory } from '../../../src/store/memory/people-memory.js';
import type { SiteRecord } from '../../../src/store/merge.js';
import { emptyDocument } from '../../../src/store/people-document.js';
import type { PeopleChange } from '../../../src/store/people-options.js';

/** A version: `ms` on gate `node`. */
export const version = (ms: number, node = 'north'): string => `${String(1_700_000_000_000 + ms)}-0000-${node}`;

export const person = (id: string, at: string, changes: Partial<Person> = {}): Person => ({
  id,
  name: id.toUpperCase(),
  language: null,
  greeting: null,
  groups: [],
  validFrom: null,
  validUntil: null,
  templates: [],
  version: at,
  by: 'test',
  ...changes,
});

/** The people store as the site sees it, without a disk. Counts how often records were saved. */
export class MemoryPeople implements CaredPeople {
  readonly clock: ManualClock;
  readonly memory: PeopleMemory;
  trusted = true;
  saves = 0;
  #saving: Promise<void> | undefined;

  /** @param nowMs milliseconds as in {@link version} */
  constructor(nowMs = 1e9, gate = 'north') {
    this.clock = new ManualClock(1_700_000_000_000 + nowMs);
    this.memory = new PeopleMemory({ clock: this.clock, log: silentLog, gate }, emptyDocument('test@000000000000'));
    const trust = () => this.trusted;
    this.memory.versions.judgeBy({
      get trusted() {
        return trust();
      },
    });
  }

  /** How the sync judges records. */
  get rules(): PeopleRules {
    const now = () => (this.trusted ? this.clock.wall() : undefined);
    return { now, forgetMs: forgetAfterMs(400), holdsBack: () => false };
  }

  get size(): number {
    return this.memory.state.people.size;
  }

  get(id: string): Person | undefined {
    return this.memory.state.people.get(id);
  }

  all(): Iterable<Person> {
    return this.memory.state.people.values();
  }

  tombstones(): ReadonlyMap<string, Tombstone> {
    return this.memory.state.removed;
  }

  ids(): string[] {
    return [...this.memory.state.people.keys()].sort();
  }

  put(one: Person): void {
    this.memory.set(one, 'local');
  }

  /** As an enrolment does it. */
  change(one: Omit<Person, 'version'>): Person {
    const made = { ...one, version: this.memory.nextVersion(one.id) };
    this.memory.set(made, 'local');
    return made;
  }

  /** As when the file could be opened at last. */
  find(one: Person): void {
    this.memory.set(one, 'file');
  }

  remove(id: string, at = this.memory.removal(id, 'test').version): void {
    this.memory.set({ ...this.memory.removal(id, 'test'), version: at }, 'local');
  }

  outcome(record: SiteRecord): MergeOutcome | 'full' {
    const outcome = this.memory.outcome(record);
    return outcome === 'taken' && !this.memory.state.hasRoom(record) ? 'full' : outcome;
  }

  async merge(record: SiteRecord): Promise<MergeOutcome> {
    const outcome = this.memory.outcome(record);
    if (outcome === 'future') this.memory.versions.setAside(record.id);
    if (outcome !== 'taken') return outcome;
    this.memory.set(this.memory.noted(record), 'site');
    // One save for all that arrives in the same turn, as in the real store.
    this.#saving ??= new Promise((resolve) =>
      setImmediate(() => {
        this.saves++;
        this.#saving = undefined;
        resolve();
      }),
    );
    await this.#saving;
    return 'taken';
  }

  async redate(whose: 'own' | 'all'): Promise<number> {
    return this.memory.redate(whose);
  }

  async renewRemovals(older: Iterable<string>): Promise<void> {
    this.memory.renew(older);
  }

  async purgeTombstones(olderThanMs: number): Promise<number> {
    return this.memory.purge(this.clock.wall() - olderThanMs);
  }

  async startAnew(): Promise<number> {
    return this.memory.dropAll();
  }

  onChange(listener: (change: PeopleChange) => void): () => void {
    return this.memory.onChange(listener);
  }
}
