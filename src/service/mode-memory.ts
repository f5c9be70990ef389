import { join } from 'node:path';
import { z } from 'zod';
import { SCHEDULED_MODES, type ScheduledMode } from '../access/door-modes.js';
import { DOOR_MODES, type DoorMode } from '../door/door.js';
import { type Clock, iso, type WallMs, wallMs } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import { StateFile } from '../store/state-file.js';
import type { Planned } from './access-keeper.js';

const schema = z.strictObject({
  schema: z.literal(1),
  mode: z.enum(DOOR_MODES),
  /** What the plan had asked for last: the mode stays until the plan asks for another one. */
  planned: z.enum(SCHEDULED_MODES).nullable(),
  /** When this was so; null where the clock was not trusted. */
  at: z.iso.datetime().nullable(),
});
type Remembered = z.infer<typeof schema>;

/** The door's mode, across restarts: whoever has locked the door for everybody must not find it open after a power cut. */
export class ModeMemory {
  readonly #file: StateFile<Remembered>;
  #mode: DoorMode;
  #planned: ScheduledMode | null;
  #at: string | null;

  private constructor(file: StateFile<Remembered>) {
    this.#file = file;
    const { mode, planned, at } = file.found;
    this.#at = at;
    // What only the hour had opened is for the plan to open again: it may be night by now.
    const byPlan = mode === 'open-house' && planned === 'open-house';
    this.#mode = byPlan ? 'normal' : mode;
    this.#planned = byPlan ? null : planned;
  }

  /** @throws OperatingError KAIMON_FILE_READ */
  static async open(state: string, { clock, log }: { readonly clock: Clock; readonly log: Log }): Promise<ModeMemory> {
    const empty = { schema: 1, mode: 'normal', planned: null, at: null } as const;
    const file = join(state, 'door-mode.json');
    return new ModeMemory(
      await StateFile.open({ file, name: "the door's mode", schema, empty, delayMs: 0, clock, log }),
    );
  }

  get mode(): DoorMode {
    return this.#mode;
  }
  /** What the plan had asked for, and when. */
  get planned(): Planned | undefined {
    if (this.#planned === null) return undefined;
    return { mode: this.#planned, atMs: this.#at === null ? undefined : wallMs(Date.parse(this.#at)) };
  }

  /** To be called after any change of the door or of what the plan asks for. @param now undefined: the clock is not trusted */
  note(mode: DoorMode, planned: ScheduledMode | undefined, now: WallMs | undefined): void {
    if (mode === this.#mode && (planned ?? null) === this.#planned) return;
    this.#mode = mode;
    this.#planned = planned ?? null;
    this.#at = now === undefined ? null : iso(now);
    this.#file.save(() => ({ schema: 1, mode: this.#mode, planned: this.#planned, at: this.#at }));
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
