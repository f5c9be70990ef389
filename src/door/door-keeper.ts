import type { Clock, Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import { type Door, type DoorEvent, type DoorRule, step } from './door.js';
import type { Lock } from './lock.js';

/** Carries out what the door machine says, at once and in its order. */
export class DoorKeeper {
  readonly #lock: Lock;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #rule: DoorRule;
  readonly #onState: (state: Door['state']) => void;
  #door: Door = { state: 'locked' };
  #told: Door['state'] = 'locked';
  #timer: Timer | undefined;

  constructor(lock: Lock, clock: Clock, log: Log, rule: DoorRule, onState: (state: Door['state']) => void) {
    this.#lock = lock;
    this.#clock = clock;
    this.#log = log;
    this.#rule = rule;
    this.#onState = onState;
  }

  get state(): Door['state'] {
    return this.#door.state;
  }

  /** Draws the bolt for one pulse. @returns false when the door is out of order. */
  open(): boolean {
    this.#take({ kind: 'open', atMs: this.#clock.monotonic() });
    return this.#door.state === 'unlocked';
  }

  /** Throws the bolt and lets go of the lock. Safe to call twice. */
  stop(): void {
    if (this.#door.state === 'stopped') return;
    try {
      this.#take({ kind: 'stop' });
    } finally {
      this.#close();
    }
  }

  #close(): void {
    this.#timer?.cancel();
    try {
      this.#lock.close();
    } catch (thrown) {
      this.#log.error({ why: explain(thrown) }, 'the lock could not be closed');
    }
  }

  #take(event: DoorEvent): void {
    const { door, effects } = step(this.#door, event, this.#rule);
    this.#door = door;
    for (const effect of effects) {
      if (effect.kind === 'arm') this.#arm(effect.afterMs);
      else if (!this.#drive(effect.released)) break;
    }
    if (this.#door.state === this.#told) return;
    this.#told = this.#door.state;
    this.#onState(this.#told);
  }

  #arm(afterMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(afterMs, () => this.#take({ kind: 'timer', atMs: this.#clock.monotonic() }));
  }

  #drive(released: boolean): boolean {
    try {
      this.#lock.drive(released);
      return true;
    } catch (thrown) {
      const why = explain(thrown);
      // A door in fault stays there until the daemon is restarted; its relay goes on being told to let go.
      if (this.#door.state === 'fault') return false;
      this.#log.error({ why, released }, 'the relay cannot be driven');
      this.#take({ kind: 'io-error', why });
      return false;
    }
  }
}
