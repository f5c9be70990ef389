import type { Person, Tombstone } from '../../../src/person/person.js';
import type { MergeOutcome } from '../../../src/person/version.js';
import type { PeopleSource } from '../../../src/site/sync/people-records.js';
import type { SiteRecord } from '../../../src/store/merge.js';

type Listener = Parameters<PeopleSource['onChange']>[0];

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
export class MemoryPeople implements PeopleSource {
  readonly #people = new Map<string, Person>();
  readonly #removed = new Map<string, Tombstone>();
  readonly #listeners = new Set<Listener>();
  /** Versions from here on are in the future. */
  futureFrom = version(1e9);
  saves = 0;
  #saving: Promise<void> | undefined;

  get size(): number {
    return this.#people.size;
  }

  get(id: string): Person | undefined {
    return this.#people.get(id);
  }

  all(): Iterable<Person> {
    return this.#people.values();
  }

  tombstones(): ReadonlyMap<string, Tombstone> {
    return this.#removed;
  }

  ids(): string[] {
    return [...this.#people.keys()].sort();
  }

  put(one: Person): void {
    this.#set(one, 'local');
  }

  /** As when the file could be opened at last. */
  find(one: Person): void {
    this.#set(one, 'file');
  }

  remove(id: string, at: string): void {
    this.#set({ id, removed: true, version: at }, 'local');
  }

  async merge(record: SiteRecord): Promise<MergeOutcome> {
    if (record.version >= this.futureFrom) return 'future';
    const own = this.#people.get(record.id)?.version ?? this.#removed.get(record.id)?.version ?? '';
    if (own >= record.version) return own === record.version ? 'same' : 'older';
    this.#set(record, 'site');
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

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #set(record: SiteRecord, origin: 'local' | 'site' | 'file'): void {
    const { id } = record;
    if ('removed' in record) {
      this.#people.delete(id);
      this.#removed.set(id, { version: record.version, at: new Date(0).toISOString() });
    } else {
      this.#removed.delete(id);
      this.#people.set(id, record);
    }
    for (const listener of this.#listeners) listener({ id, person: this.#people.get(id), origin });
  }
}
