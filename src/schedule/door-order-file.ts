import { join } from 'node:path';
import { z } from 'zod';
import type { Opening } from '../config/opening.js';
import { type Clock, iso, wallMs } from '../kit/clock.js';
import type { DocumentFormat } from '../kit/files/format.js';
import { StateFile } from '../kit/files/state-file.js';
import type { Log } from '../kit/log.js';
import { DOOR_MODES } from './door-mode.js';
import { type DoorOrder, NO_ORDER } from './door-order.js';

/** The formats of door-mode.json. */
export const DOOR_ORDER_FORMAT: DocumentFormat = { name: "the door's mode", key: 'schema', steps: [] };

/** What it holds. */
export const doorOrderSchema = z.strictObject({
  schema: z.literal(1),
  mode: z.enum(DOOR_MODES),
  /** A mode ordered by hand stays until the plan asks for another one. */
  by: z.enum(['hand', 'plan']),
  /** When it was ordered; null where that is not known. */
  at: z.iso.datetime().nullable(),
  /** This stands in for an order that could not be read, and nothing was ordered or planned since. */
  lost: z.literal(true).optional(),
});
type Remembered = z.infer<typeof doorOrderSchema>;

const LOST = "the door's mode from before the start is not known: locked until another mode is ordered or planned";

/** The order that the door's mode follows, across restarts: a door that was locked for everybody must not be open after a power cut. */
export class DoorOrderFile {
  readonly #file: StateFile<Remembered>;
  #order: DoorOrder;
  #lost: boolean;

  private constructor(file: StateFile<Remembered>) {
    this.#file = file;
    const { mode, by, at, lost } = file.found;
    this.#lost = lost === true;
    this.#order = { mode, by, atMs: at === null ? null : wallMs(Date.parse(at)), atMono: undefined };
  }

  static async open(
    state: string,
    { clock, log }: { readonly clock: Clock; readonly log: Log },
  ): Promise<DoorOrderFile> {
    const { mode, by } = NO_ORDER;
    const empty = { schema: 1, mode, by, at: null } as const;
    // It may have said that the door is locked for everybody.
    const unusable = { schema: 1, mode: 'locked', by: 'hand', at: null, lost: true } as const;
    const path = join(state, 'door-mode.json');
    const options = {
      file: path,
      name: "the door's mode",
      lost: LOST,
      schema: doorOrderSchema,
      format: DOOR_ORDER_FORMAT,
      empty,
      unusable,
      delayMs: 0,
      clock,
      log,
    };
    const file = await StateFile.openAnyway<Remembered>(options);
    if (file.found === unusable) {
      log.error({ file: path }, LOST);
      file.save(() => unusable);
    }
    return new DoorOrderFile(file);
  }

  /** The order in force. */
  get order(): DoorOrder {
    return this.#order;
  }

  /** Sentences for the state. */
  get problems(): readonly string[] {
    return this.#lost ? [LOST] : [];
  }

  /** Saves an order that {@link orderDue} gave; the same object is not written again. */
  keep(order: DoorOrder): void {
    if (order === this.#order) return;
    this.#order = order;
    // An order that stands in for a lost one may be given its time.
    this.#lost &&= order.by === 'hand';
    this.#file.save(() => this.#remembered());
  }

  /** The same at once. Resolves when it is on the disk; rejects with the error of the disk, which is then tried again. */
  keepNow(order: DoorOrder): Promise<void> {
    this.#order = order;
    this.#lost = false;
    return this.#file.saveNow(() => this.#remembered());
  }

  close(leftMs?: number): Promise<void> {
    return this.#file.close(leftMs);
  }

  #remembered(): Remembered {
    const { mode, by, atMs } = this.#order;
    return { schema: 1, mode, by, at: atMs === null ? null : iso(atMs), ...(this.#lost && { lost: true }) };
  }
}

/** The door's order from before the restart; saved at the end. */
export const openDoorOrder = ({ paths, clock, log, endings }: Opening): Promise<DoorOrderFile> =>
  endings.open(
    "the door's mode",
    () => DoorOrderFile.open(paths.state, { clock, log }),
    (file, leftMs) => file.close(leftMs),
    { saves: true },
  );
