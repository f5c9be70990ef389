/** The files of a backup as a gate shall have them: with what it knows since then and must not forget. */
import { join } from 'node:path';
import { trustedTimesSchema } from '../clock-trust/trusted-times-file.js';
import { iso, type WallMs, wallMs } from '../kit/clock.js';
import { OperatingError } from '../kit/errors.js';
import type { Vault } from '../kit/sealing/vault.js';
import { NO_COUNTS } from '../passback/passage-detection.js';
import { passagesSchema } from '../passback/passages-file.js';
import { isFuture } from '../person/version.js';
import { IN_SYNC_FILE } from '../site/sync/in-sync-file.js';
import { withoutTemplate } from '../store/encoder-check.js';
import { outcomeOf } from '../store/merge.js';
import { documentChunks, type PeopleDocument } from '../store/people-document.js';
import { PeopleState } from '../store/people-state.js';
import { InvalidPeople } from '../store/record.js';
import { PEOPLE_FILE } from '../stored/documents.js';
import { readStored } from '../stored/read-stored.js';
import { damaged } from './age-file.js';
import { documentOf, readPeopleFile } from './contents.js';

export interface RestoredPeople {
  readonly enrolled: number;
  readonly removed: number;
  /** How many were removed at this gate since the backup, and stay removed. */
  readonly removedSince: number;
  /** People without a template of the encoder in use: they are not recognised until they are enrolled anew. */
  readonly withoutTemplate: number;
  /** How many people are replaced; null: there is no file of them. */
  readonly replaced: number | null;
  /** Who was removed here and stays so: what the journal of the backup tells of them may have been erased. */
  readonly stayRemoved: ReadonlySet<string>;
  /** The latest version is of a time that is still to come. */
  readonly future: boolean;
  /** The new file; undefined where the backup holds no people. */
  readonly text: string | undefined;
}

/**
 * The people of a backup, each with the version that it has: a restore makes no versions. Who was removed here since then stays removed.
 * @param bytes the file of the backup
 * @param encoder in use; null where it is not known
 */
export async function restoredPeople(
  state: string,
  bytes: Buffer | undefined,
  encoder: string | null,
  { vault, now }: { readonly vault: Vault; readonly now: WallMs },
): Promise<RestoredPeople> {
  const own = await readPeopleFile(state, vault).catch((thrown: unknown) => {
    // Both copies are damaged, which may be why a backup is restored: they are kept aside.
    if (thrown instanceof OperatingError && thrown.code === 'KAIMON_PEOPLE_CORRUPT') return 'damaged' as const;
    throw thrown;
  });
  const replaced = own === 'damaged' ? 0 : (own?.document.people.size ?? null);
  const removedHere = own === 'damaged' || !own ? [] : [...own.document.removed];
  if (!bytes) {
    const stayRemoved = new Set(removedHere.map(([id]) => id));
    return { ...NOBODY, replaced, stayRemoved };
  }
  const document = theirs(bytes);
  const restored = new PeopleState(document);
  let removedSince = 0;
  for (const [id, { version, by, stranger, undated }] of removedHere) {
    const removal = { id, removed: true, version, by, stranger, undated } as const;
    const known = restored.record(id);
    if (outcomeOf(known, removal) !== 'taken') continue;
    if (known && !('removed' in known)) removedSince++;
    restored.set(removal);
  }
  const made = restored.snapshot(document.encoder);
  return {
    enrolled: made.people.size,
    removed: made.removed.size,
    removedSince,
    stayRemoved: new Set(removedHere.flatMap(([id]) => (made.people.has(id) ? [] : [id]))),
    future: restored.latest !== null && isFuture(restored.latest, now),
    withoutTemplate: encoder === null ? 0 : withoutTemplate(made, encoder),
    replaced,
    text: [...documentChunks(made)].join(''),
  };
}

const NOBODY = {
  enrolled: 0,
  removed: 0,
  removedSince: 0,
  withoutTemplate: 0,
  future: false,
  text: undefined,
} as const;

/** @throws OperatingError KAIMON_BACKUP_DAMAGED, KAIMON_DATA_NEWER */
function theirs(bytes: Buffer): PeopleDocument {
  try {
    return documentOf(bytes, 'people.json of the backup');
  } catch (thrown) {
    if (!(thrown instanceof InvalidPeople)) throw thrown;
    throw damaged('the backup', `its people cannot be read (${thrown.message})`, thrown);
  }
}

export interface MergedState {
  /** The files as they shall be, by name. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  readonly warnings: readonly string[];
}

/**
 * The files of the backup with what this gate knows better: the latest time that was trusted, so that a clock which was set back is found; and at
 * another gate no counts, which are of the other one's door. A time that is ahead of now would have this gate's clock distrusted: it is taken as now.
 * @param madeMs when the backup was made
 */
export async function mergedState(
  state: string,
  held: ReadonlyMap<string, Buffer>,
  { sameGate, now, madeMs }: { readonly sameGate: boolean; readonly now: WallMs; readonly madeMs: WallMs },
): Promise<MergedState> {
  const files = new Map<string, string | Uint8Array>();
  const warnings: string[] = [];
  const [theirs, ours] = [timesIn(held.get('clock.json')), timesIn(await readStored(join(state, 'clock.json')))];
  if (theirs) {
    const ahead = [theirs.network, theirs.battery].filter((time) => time !== null && Date.parse(time) > now);
    if (ahead.length > 0)
      warnings.push(`the backup's clock was trusted at ${ahead[0]}, which is ahead of now: is the clock here right?`);
    const taken = (time: string | null) => (time !== null && Date.parse(time) > now ? iso(now) : time);
    const later = (a: string | null, b: string | null | undefined) => (b && (a === null || b > a) ? b : a);
    const network = later(taken(theirs.network), ours?.network);
    files.set('clock.json', textOf({ schema: 1, network, battery: later(taken(theirs.battery), ours?.battery) }));
  }
  const bytes = held.get('passages.json');
  const passages = sameGate ? undefined : passagesSchema.safeParse(jsonOf(bytes)).data;
  if (passages) files.set('passages.json', textOf({ ...passages, counts: NO_COUNTS }));
  else if (bytes) files.set('passages.json', bytes);
  // The people are those of the backup: since then people may have been removed of whom nobody remembers it.
  if (held.has(PEOPLE_FILE)) files.set(IN_SYNC_FILE, textOf({ schema: 1, inSync: iso(wallMs(Math.min(madeMs, now))) }));
  return { files, warnings };
}

const textOf = (content: unknown): string => `${JSON.stringify(content)}\n`;

const timesIn = (bytes: Buffer | undefined) => trustedTimesSchema.safeParse(jsonOf(bytes)).data;

function jsonOf(bytes: Buffer | undefined): unknown {
  try {
    return bytes && JSON.parse(bytes.toString('utf8'));
  } catch {
    // A damaged one is left out: the gate starts without.
    return undefined;
  }
}
