/** What must come of it: every record that any gate made, which of them was acknowledged, and what that means for the end. */
import type { WallMs } from '../../../src/kit/clock.js';
import { FUTURE_MAX_MS, versionMs } from '../../../src/person/version.js';
import { type SiteRecord, stampOf } from '../../../src/store/merge.js';

/** A record as some gate has made it. */
interface Made {
  readonly stamp: string;
  readonly removal: boolean;
  readonly version: string;
  readonly record: SiteRecord;
  /** It was dated after the right time of the moment: a person's may or may not count, for right clocks refuse it until then. */
  readonly ahead: boolean;
  acknowledged: boolean;
  /** It may be lost: see {@link Model.excuse}. */
  excused: boolean;
}

/** What a judgement found. */
export interface Judgement {
  readonly wrong: readonly string[];
  /** Ids whose record follows from acknowledged changes alone. */
  readonly exact: number;
  /** Ids whose record is a newer one that was made but never acknowledged, or dated anew. */
  readonly newer: number;
}

export class Model {
  readonly #made = new Map<string, Map<string, Made>>();

  /** A gate made a record. @param now the right time */
  make(record: SiteRecord, now: WallMs, acknowledged = false): void {
    const made = this.#made.get(record.id) ?? new Map<string, Made>();
    this.#made.set(record.id, made);
    const stamp = stampOf(record);
    const known = made.get(stamp);
    if (known) known.acknowledged ||= acknowledged;
    else {
      const ahead = versionMs(record.version) > now + FUTURE_MAX_MS;
      made.set(stamp, {
        stamp,
        removal: 'removed' in record,
        version: record.version,
        record,
        ahead,
        acknowledged,
        excused: false,
      });
    }
  }

  /** A gate acknowledged it: it is on its disk. */
  acknowledge(record: SiteRecord, now: WallMs): void {
    this.make(record, now, true);
  }

  ids(): Iterable<string> {
    return this.#made.keys();
  }

  /** Whether a removal of this id was acknowledged. */
  isRemoved(id: string): boolean {
    return [...(this.#made.get(id)?.values() ?? [])].some(({ removal, acknowledged }) => removal && acknowledged);
  }

  /**
   * A person's newest record may be lost where only gates know it that believe in a wrong clock: one that is behind takes its own
   * record for one from the future. Removals are never lost. @param isKnown whether a gate with the right time has the record or a newer one
   * @param makers only what one of these gates made; undefined: whoever made it
   */
  excuse(isKnown: (id: string, stamp: string) => boolean, makers?: ReadonlySet<string>): void {
    for (const id of this.#made.keys()) {
      const due = this.#due(id);
      if (due && makers?.has(due.version.split('-').at(-1) ?? '') === false) continue;
      if (due && !due.removal && !isKnown(id, due.stamp)) due.excused = true;
    }
  }

  /** The record of an id that follows from all that was acknowledged; undefined where nothing does. */
  due(id: string): SiteRecord | undefined {
    return this.#due(id)?.record;
  }

  /** Judges what a gate knows in the end: a stamp for each id. */
  judge(found: ReadonlyMap<string, string>): Judgement {
    const wrong: string[] = [];
    let [exact, newer] = [0, 0];
    for (const [id, made] of this.#made) {
      const stamp = found.get(id);
      const due = this.#due(id);
      if (stamp === due?.stamp) exact++;
      else {
        newer++;
        const why = faultOf(id, stamp, due, made);
        if (why !== undefined) wrong.push(why);
      }
    }
    for (const id of found.keys()) if (!this.#made.has(id)) wrong.push(`${id}: nobody made it`);
    return { wrong, exact, newer };
  }

  /** What each gate must know where the found records are allowed: this model's own people, by the stamps that were found. */
  records(found: ReadonlyMap<string, string>): SiteRecord[] {
    return [...found].flatMap(([id, stamp]) => this.#made.get(id)?.get(stamp)?.record ?? []);
  }

  #due(id: string): Made | undefined {
    let due: Made | undefined;
    for (const made of this.#made.get(id)?.values() ?? []) {
      if (!made.acknowledged || ((made.ahead || made.excused) && !made.removal)) continue;
      if (due === undefined || isNewer(made, due)) due = made;
    }
    return due;
  }
}

/** The rule of the site in the test's own words: a removal before every person, then the version, then the content. */
function isNewer(one: Made, other: Made): boolean {
  if (one.removal !== other.removal) return one.removal;
  if (one.version !== other.version) return one.version > other.version;
  return one.stamp > other.stamp;
}

/** Why it is wrong that `stamp` stands where `due` is due; undefined where that is allowed. */
function faultOf(
  id: string,
  stamp: string | undefined,
  due: Made | undefined,
  made: ReadonlyMap<string, Made>,
): string | undefined {
  if (stamp === undefined) {
    if (due) return `${id}: ${textOf(due)} was acknowledged and is lost`;
    const lost = [...made.values()].find(({ acknowledged }) => acknowledged);
    return lost && `${id}: ${textOf(lost)} was acknowledged, dated ahead, and is lost`;
  }
  const found = made.get(stamp);
  if (!found) return `${id}: nobody made ${stamp}`;
  if (due?.removal && !found.removal) return `${id}: removed by ${textOf(due)}, came back as ${textOf(found)}`;
  if (due && isNewer(due, found)) return `${id}: ${textOf(due)} was acknowledged, but ${textOf(found)} stands`;
  return undefined;
}

const textOf = ({ removal, version }: Made): string => `${removal ? 'the removal' : 'the person'} ${version}`;
