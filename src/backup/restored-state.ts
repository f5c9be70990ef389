/** The files of a backup as a gate shall have them: with what it knows since then and must not forget. */
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { trustedTimesSchema } from '../clock-trust/trusted-times-file.js';
import { OperatingError } from '../kit/errors.js';
import { renewSeal } from '../kit/files/renew-seal.js';
import { removeWiped } from '../kit/files/wipe.js';
import type { Vault } from '../kit/sealing/vault.js';
import { NO_COUNTS } from '../passback/passage-detection.js';
import { passagesSchema } from '../passback/passages-file.js';
import { withoutTemplate } from '../store/encoder-check.js';
import { outcomeOf } from '../store/merge.js';
import { documentChunks, type PeopleDocument } from '../store/people-document.js';
import { PeopleState } from '../store/people-state.js';
import { InvalidPeople } from '../store/record.js';
import { readStored } from '../stored/read-stored.js';
import { damaged } from './age-file.js';
import { documentOf, readPeopleFile } from './contents.js';
import { writeSynced } from './pending.js';

export interface RestoredPeople {
  readonly enrolled: number;
  readonly removed: number;
  /** How many were removed at this gate since the backup, and stay removed. */
  readonly removedSince: number;
  /** People without a template of the encoder in use: they are not recognised until they are enrolled anew. */
  readonly withoutTemplate: number;
  /** How many people are replaced; null: there is no file of them. */
  readonly replaced: number | null;
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
  vault: Vault,
): Promise<RestoredPeople> {
  const own = await readPeopleFile(state, vault).catch((thrown: unknown) => {
    // Both copies are damaged, which may be why a backup is restored: they are kept aside.
    if (thrown instanceof OperatingError && thrown.code === 'KAIMON_PEOPLE_CORRUPT') return 'damaged' as const;
    throw thrown;
  });
  const replaced = own === 'damaged' ? 0 : (own?.document.people.size ?? null);
  if (!bytes) return { enrolled: 0, removed: 0, removedSince: 0, withoutTemplate: 0, replaced, text: undefined };
  const document = theirs(bytes);
  const restored = new PeopleState(document);
  let removedSince = 0;
  for (const [id, { version }] of own === 'damaged' || !own ? [] : own.document.removed) {
    const removal = { id, removed: true, version } as const;
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
    withoutTemplate: encoder === null ? 0 : withoutTemplate(made, encoder),
    replaced,
    text: [...documentChunks(made)].join(''),
  };
}

/** @throws OperatingError KAIMON_BACKUP_DAMAGED, KAIMON_DATA_NEWER */
function theirs(bytes: Buffer): PeopleDocument {
  try {
    return documentOf(bytes, 'people.json of the backup');
  } catch (thrown) {
    if (!(thrown instanceof InvalidPeople)) throw thrown;
    throw damaged('the backup', `its people cannot be read (${thrown.message})`, thrown);
  }
}

/**
 * Puts into the staged files what this gate knows better: the latest time that was trusted, so that a clock which was set back is found; and at
 * another gate no counts, which are of the other one's door.
 */
export async function mergedState(state: string, staged: string, sameGate: boolean, vault: Vault): Promise<void> {
  const [theirs, ours] = [await times(join(staged, 'clock.json')), await times(join(state, 'clock.json'))];
  if (theirs) {
    const later = (a: string | null, b: string | null | undefined) => (b && (a === null || b > a) ? b : a);
    await rewrite(join(staged, 'clock.json'), {
      schema: 1,
      network: later(theirs.network, ours?.network),
      battery: later(theirs.battery, ours?.battery),
    });
  } else await fs.rm(join(staged, 'clock.json'), { force: true });
  const passages = join(staged, 'passages.json');
  if (!sameGate) {
    const theirs = passagesSchema.safeParse(await json(passages)).data;
    if (theirs) await rewrite(passages, { ...theirs, counts: NO_COUNTS });
  }
  await renewSeal(passages, 'passages', vault);
}

const times = async (path: string) => trustedTimesSchema.safeParse(await json(path)).data;

async function json(path: string): Promise<unknown> {
  const bytes = await readStored(path);
  try {
    return bytes && JSON.parse(bytes.toString('utf8'));
  } catch {
    // A damaged one is left out: the gate starts without.
    return undefined;
  }
}

async function rewrite(path: string, content: unknown): Promise<void> {
  await removeWiped(path);
  await writeSynced(path, `${JSON.stringify(content)}\n`);
}
