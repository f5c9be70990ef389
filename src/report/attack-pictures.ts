import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrustedClock } from '../clock-trust/trusted-clock.js';
import type { Opening } from '../config/opening.js';
import type { EyeSupervisor } from '../eye/supervisor.js';
import { type Clock, iso, type MonotonicMs } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import { writeFileAtomic } from '../kit/files/atomic-file.js';
import { makeFolder } from '../kit/files/make-folder.js';
import { renewSealAnyway } from '../kit/files/renew-seal.js';
import { removeWiped } from '../kit/files/wipe.js';
import type { Log } from '../kit/log.js';
import { Vault } from '../kit/sealing/vault.js';

export interface AttackPicturesParts {
  readonly folder: string;
  /** Pictures kept, the newest; 0 keeps none, and deletes what is there. */
  readonly pictures: number;
  readonly days: number;
  /** Port: a JPEG of the newest frame without its faces; undefined when there is none. */
  readonly redactedPicture: () => Promise<Buffer | undefined>;
  /** Default: nothing is sealed. */
  readonly vault?: Vault | undefined;
  readonly clock: Clock;
  /** While the clock is not trusted no picture is too old. */
  readonly trustedClock: Pick<TrustedClock, 'trusted'>;
  readonly log: Log;
}

/** At most one picture in so long: a photo that is waved all night must not wear out the disk. */
const EVERY_MS = 10_000;
const DAY_MS = 86_400_000;
/** `2026-11-24T08-00-00.000Z-track-12.jpg`: sorted by name is sorted by time; no colons, for sticks with FAT. */
const NAME = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3}Z)-track-\d+\.jpg$/;

/** What a kill leaves of a picture that is being written. */
const UNFINISHED = /^\.(.+\.jpg)\.[0-9a-f]{12}\.tmp$/;

/** Keeps pictures of attacks, so that it can be seen later what was held to the camera. Nothing waits for it, and it never throws. */
export class AttackPictures {
  readonly #parts: AttackPicturesParts;
  #lastMs: MonotonicMs | undefined;

  constructor(parts: AttackPicturesParts) {
    this.#parts = parts;
  }

  /** Keeps a picture of the attack that was just refused, unless one was kept a moment ago. @returns the file, if any */
  async keep(track: number): Promise<string | undefined> {
    const { pictures, clock, log, folder, redactedPicture, vault = Vault.plain() } = this.#parts;
    const now = clock.monotonic();
    if (pictures === 0 || (this.#lastMs !== undefined && now - this.#lastMs < EVERY_MS)) return undefined;
    this.#lastMs = now;
    try {
      const picture = await redactedPicture();
      if (!picture) return undefined;
      await makeFolder(folder, 0o700);
      const name = `${iso(clock.wall()).replaceAll(':', '-')}-track-${track}.jpg`;
      const file = join(folder, name);
      await writeFileAtomic(file, vault.sealed(evidencePurpose(name), [picture]));
      await this.purge();
      return file;
    } catch (thrown) {
      log.warn({ why: explain(thrown) }, 'the picture of an attack was not kept');
      return undefined;
    }
  }

  /** Deletes what is too much and, by a trusted clock, too old. Files of other names are left alone. */
  async purge(): Promise<void> {
    const { folder, pictures, days, clock, trustedClock, log } = this.#parts;
    try {
      const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
      const tooMany = names.slice(0, Math.max(0, names.length - pictures));
      const old = names.filter((name) => trustedClock.trusted && clock.wall() - timeOf(name) > days * DAY_MS);
      for (const name of new Set([...tooMany, ...old])) await removeWiped(join(folder, name));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return;
      log.warn({ why: explain(thrown) }, 'old pictures of attacks were not deleted');
    }
  }
}

/** Each picture is sealed for its name: it opens under no other. */
export const evidencePurpose = (name: string): string => `evidence/${name}`;

/** Seals, or opens, the pictures of before as they are kept now, and removes those that a killed process has begun. Only before any is kept. */
export async function renewPictures(folder: string, vault: Vault, log: Log): Promise<void> {
  const names = await readdir(folder).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return [];
    log.warn({ folder, why: explain(thrown) }, 'the pictures of attacks cannot be listed');
    return [];
  });
  for (const name of names.filter((found) => UNFINISHED.test(found) && NAME.test(found.replace(UNFINISHED, '$1'))))
    await removeWiped(join(folder, name)).catch((thrown: unknown) =>
      log.warn({ folder, why: explain(thrown) }, 'a picture that was begun cannot be removed'),
    );
  for (const name of names.filter((found) => NAME.test(found)))
    await renewSealAnyway(join(folder, name), evidencePurpose(name), vault, log);
}

const timeOf = (name: string): number => Date.parse(name.replace(NAME, '$1T$2:$3:$4'));

/** Where the pictures are in the state folder. */
export const evidenceFolder = (state: string): string => join(state, 'evidence');

/** The pictures of refused attacks that are kept. Those of before are sealed meanwhile; nothing waits for it. */
export const attackPictures = (
  { config, paths, vault, clock, log }: Opening,
  eye: Pick<EyeSupervisor, 'snapshot'>,
  trustedClock: Pick<TrustedClock, 'trusted'>,
): AttackPictures => {
  const folder = evidenceFolder(paths.state);
  void renewPictures(folder, vault, log);
  return new AttackPictures({
    folder,
    pictures: config.liveness.evidencePictures,
    days: config.liveness.evidenceDays,
    redactedPicture: () => eye.snapshot([], true),
    vault,
    clock,
    trustedClock,
    log,
  });
};
