import { join } from 'node:path';
import { z } from 'zod';
import { SCHEDULED_MODES, type ScheduledMode } from '../access/door-modes.js';
import { DOOR_MODES, type DoorMode } from '../door/door.js';
import type { Clock } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import { StateFile } from '../store/state-file.js';

const schema = z.strictObject({
  schema: z.literal(1),
  mode: z.enum(DOOR_MODES),
  /** What the plan had asked for last: the mode stays until the plan asks for another one. */
  planned: z.enum(SCHEDULED_MODES).nullable(),
});
type Remembered = z.infer<typeof schema>;

/** The door's mode, across restarts: whoever has locked the door for everybody must not find it open after a power cut. */
export class ModeMemory {
  readonly #file: StateFile<Remembered>;
  #mode: DoorMode;
  #planned: ScheduledMode | null;

  private constructor(file: StateFile<Remembered>) {
    this.#file = file;
    const { mode, planned } = file.found;
    // What only the hour had opened is for the plan to open again: it may be night by now.
    const byPlan = mode === 'open-house' && planned === 'open-house';
    this.#mode = byPlan ? 'normal' : mode;
    this.#planned = byPlan ? null : planned;
  }

  /** @throws OperatingError KAIMON_FILE_READ */
  static async open(state: string, { clock, log }: { readonly clock: Clock; readonly log: Log }): Promise<ModeMemory> {
    const empty = { schema: 1, mode: 'normal', planned: null } as const;
    const file = join(state, 'door-mode.json');
    return new ModeMemory(
      await StateFile.open({ file, name: "the door's mode", schema, empty, delayMs: 0, clock, log }),
    );
  }

  get mode(): DoorMode {
    return this.#mode;
  }
  get planned(): ScheduledMode | undefined {
    return this.#planned ?? undefined;
  }

  /** To be called after any change of the door. */
  note(mode: DoorMode, planned: ScheduledMode | undefined): void {
    if (mode === this.#mode && (planned ?? null) === this.#planned) return;
    this.#mode = mode;
    this.#planned = planned ?? null;
    this.#file.save({ schema: 1, mode, planned: this.#planned });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
