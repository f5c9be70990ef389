import type { TrustedClock } from '../../clock-trust/trusted-clock.js';
import type { Clock, MonotonicMs } from '../../kit/clock.js';
import { iso } from '../../kit/clock.js';
import { explain } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { LogBudget } from '../../kit/logging/log-budget.js';
import type { DoorMode } from '../../schedule/door-mode.js';
import type { Packet } from '../link/link.js';
import type { ErrorCode } from '../messages.js';
import { RequestClock } from '../requests/request-clock.js';
import { checkCommand } from './command.js';
import type { Command } from './options.js';
import { SeenCommands } from './seen-commands.js';

/** Who asked, in journal and events. */
const BY = 'home-assistant';

/** Port: what may be done at the door; the same as requests do, with the same reports. */
export interface DoorOrders {
  open(by: string, reason: string | undefined): 'stopped' | 'fault' | 'door-mode' | undefined;
  lock(by: string, reason: string | undefined): Promise<void>;
  setMode(mode: DoorMode, by: string, reason: string | undefined): Promise<void>;
  now(): { readonly mode: DoorMode };
}

export interface CommandServerParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly trustedClock: Pick<TrustedClock, 'trusted' | 'confirmedMs'>;
  readonly offered: readonly Command[];
  readonly door: DoorOrders;
  readonly takePicture: () => void;
  /** Whether only signed requests are done. */
  readonly signedOnly: boolean;
  /** Tells Home Assistant what became of a command. */
  readonly tell: (result: Readonly<Record<string, unknown>>) => void;
}

/** Takes what Home Assistant asks for. No packet can make it throw. */
export class CommandServer {
  readonly #parts: CommandServerParts;
  readonly #seen = new SeenCommands();
  readonly #budget: LogBudget;
  readonly #time: RequestClock;
  #listeningSince: MonotonicMs | undefined;

  constructor(parts: CommandServerParts) {
    this.#parts = parts;
    this.#budget = new LogBudget(parts.clock);
    this.#time = new RequestClock(parts.clock, parts.trustedClock);
  }

  /** The broker has acknowledged the subscription. */
  listening(): void {
    this.#listeningSince = this.#parts.clock.monotonic();
  }

  /** The connection is gone. */
  down(): void {
    this.#listeningSince = undefined;
  }

  receive(packet: Pick<Packet, 'payload' | 'retain'>): void {
    // The broker forwards this to subscribers when a client clears a retained message.
    if (packet.payload.byteLength === 0) return;
    const { clock, offered, signedOnly } = this.#parts;
    const check = checkCommand(packet, {
      time: this.#time.now(),
      listeningMs: this.#listeningSince === undefined ? undefined : clock.monotonic() - this.#listeningSince,
      offered,
      signedOnly,
      seen: this.#seen,
    });
    if (check.kind === 'refuse') this.#refused(check.command, check.code, check.message);
    else void this.#do(check.command);
  }

  async #do(command: Command): Promise<void> {
    const { door, takePicture } = this.#parts;
    try {
      switch (command) {
        case 'lock':
          await door.lock(BY, undefined);
          break;
        case 'open': {
          const why = door.open(BY, undefined);
          if (why === 'door-mode') return this.#refused(command, why, 'the door is locked by its mode');
          if (why !== undefined) return this.#refused(command, 'door-fault', 'the door is out of order: see its state');
          break;
        }
        case 'unlock':
          // Somebody has locked the door for all: that is not undone from a dashboard.
          if (door.now().mode === 'locked')
            return this.#refused(command, 'door-mode', 'the door is locked by its mode');
          await door.setMode('open-house', BY, undefined);
          break;
        case 'picture':
          takePicture();
      }
      this.#tell('done', command, {});
    } catch (thrown) {
      // The door was moved at once; what is awaited is the disk.
      this.#parts.log.error(
        { command, err: explain(thrown) },
        'a command of Home Assistant was done, but is not on the disk',
      );
      this.#tell('done', command, { code: 'not-saved', message: 'it is not on the disk: a restart may undo it' });
    }
  }

  #refused(command: Command | null, code: ErrorCode, message: string): void {
    const leftOut = this.#budget.take();
    if (leftOut === undefined) return;
    const fields = { command, code, message, ...(leftOut > 0 && { leftOut }) };
    this.#parts.log.warn(fields, 'a command of Home Assistant was refused');
    this.#tell('refused', command, { code, message });
  }

  #tell(event_type: 'done' | 'refused', command: Command | null, more: Readonly<Record<string, unknown>>): void {
    const { clock, tell } = this.#parts;
    tell({ event_type, command, ...more, at: iso(clock.wall()) });
  }
}
