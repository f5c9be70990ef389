import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, iso, type WallMs, wallMs } from '../kit/clock.js';
import type { DocumentFormat } from '../kit/files/format.js';
import { StateFile } from '../kit/files/state-file.js';
import type { Log } from '../kit/log.js';
import type { TrustedTimes } from './clock-trust.js';

/** The formats of clock.json. */
export const TRUSTED_TIMES_FORMAT: DocumentFormat = { name: 'the time last trusted', key: 'schema', steps: [] };

const time = z.iso.datetime().nullable();
/** What it holds. */
export const trustedTimesSchema = z.strictObject({ schema: z.literal(1), network: time, battery: time });
type Kept = z.infer<typeof trustedTimesSchema>;

/** A kill may lose the last so many milliseconds. */
const SAVE_MS = 10_000;

/**
 * The latest times at which the clock was trusted, in the file `clock.json` of the state folder: a clock that was set back is found after
 * a restart, too. Where there is no such file the newest entry of the journal stands for a battery-backed clock's.
 */
export class TrustedTimesFile {
  readonly #file: StateFile<Kept>;
  #times: TrustedTimes;

  private constructor(file: StateFile<Kept>) {
    this.#file = file;
    const { network, battery } = file.found;
    this.#times = { networkMs: msOf(network), batteryMs: msOf(battery) };
  }

  /** @param newestMs the time of the journal's newest entry */
  static async open(
    state: string,
    newestMs: WallMs | undefined,
    { clock, log, warnings }: { readonly clock: Clock; readonly log: Log; readonly warnings?: string[] },
  ): Promise<TrustedTimesFile> {
    const empty = { schema: 1, network: null, battery: textOf(newestMs ?? null) } as const;
    const file = join(state, 'clock.json');
    const lost = 'a clock that was set back before this start is noticed only as far as the journal goes';
    const options = {
      file,
      name: 'the time last trusted',
      lost,
      schema: trustedTimesSchema,
      format: TRUSTED_TIMES_FORMAT,
      empty,
      delayMs: SAVE_MS,
      clock,
      log,
      warnings,
    };
    return new TrustedTimesFile(await StateFile.openAnyway(options));
  }

  get times(): TrustedTimes {
    return this.#times;
  }

  keep(times: TrustedTimes): void {
    if (times === this.#times) return;
    this.#times = times;
    this.#file.save(() => ({ schema: 1, network: textOf(times.networkMs), battery: textOf(times.batteryMs) }));
  }

  close(leftMs?: number): Promise<void> {
    return this.#file.close(leftMs);
  }
}

const msOf = (text: string | null): WallMs | null => (text === null ? null : wallMs(Date.parse(text)));
const textOf = (ms: WallMs | null): string | null => (ms === null ? null : iso(ms));
