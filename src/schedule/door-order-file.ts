import { join } from 'node:path';
import { z } from 'zod';
import type { Opening } from '../config/opening.js';
import { type Clock, iso, wallMs } from '../kit/clock.js';
import { StateFile } from '../kit/files/state-file.js';
import type { Log } from '../kit/log.js';
import { DOOR_MODES } from './door-mode.js';
import { type DoorOrder, NO_ORDER } from './door-order.js';

const schema = z.strictObject({
  schema: z.literal(1),
  mode: z.enum(DOOR_MODES),
  /** A mode ordered by hand stays until the plan asks for another one. */
  by: z.enum(['hand', 'plan']),
  /** When it was ordered; null where that is not known. */
  at: z.iso.datetime().nullable(),
});
type Remembered = z.infer<typeof schema>;

/** The order that the door's mode follows, across restarts: a door that was locked for everybody must not be open after a power cut. */
export class DoorOrderFile {
  readonly #file: StateFile<Remembered>;
  #order: DoorOrder;

  private constructor(file: StateFile<Remembered>) {
    this.#file = file;
    const { mode, by, at } = file.found;
    this.#order = { mode, by, atMs: at === null ? null : wallMs(Date.parse(at)), atMono: undefined };
  }

  static async open(
    state: string,
    { clock, log }: { readonly clock: Clock; readonly log: Log },
  ): Promise<DoorOrderFile> {
    const { mode, by } = NO_ORDER;
    const empty = { schema: 1, mode, by, at: null } as const;
    // It may have said that the door is locked for everybody.
    const unusable = { schema: 1, mode: 'locked', by: 'hand', at: null } as const;
    const path = join(state, 'door-mode.json');
    const options = { file: path, name: "the door's mode", schema, empty, unusable, delayMs: 0, clock, log };
    const file = await StateFile.openAnyway<Remembered>(options);
    if (file.found === unusable) {
      log.error(
        { file: path },
        "the door's mode from before the start is not known: locked until another mode is ordered or planned",
      );
      file.save(() => unusable);
    }
    return new DoorOrderFile(file);
  }

  /** The order in force. */
  get order(): DoorOrder {
    return this.#order;
  }

  /** Saves an order; the same object is not written again. */
  keep(order: DoorOrder): void {
    if (order === this.#order) return;
    this.#order = order;
    this.#file.save(() => remembered(order));
  }

  /** The same at once. Resolves when it is on the disk; rejects with the error of the disk, which is then tried again. */
  keepNow(order: DoorOrder): Promise<void> {
    this.#order = order;
    return this.#file.saveNow(() => remembered(order));
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

const remembered = ({ mode, by, atMs }: DoorOrder): Remembered => ({
  schema: 1,
  mode,
  by,
  at: atMs === null ? null : iso(atMs),
});

/** The door's order from before the restart; saved at the end. */
export const openDoorOrder = ({ paths, clock, log, endings }: Opening): Promise<DoorOrderFile> =>
  endings.open(
    "the door's mode",
    () => DoorOrderFile.open(paths.state, { clock, log }),
    (file) => file.close(),
  );
