import { spawnSync } from 'node:child_process';
import type { Clock, Timer } from '../../kit/clock.js';
import type { GpioLine, OutputLine, Rest } from './gpio.js';
import { canStartTools, startLastingTool, startTool } from './gpiod-child.js';
import { holdsLine, type LeftHolder, type LeftHolders } from './gpiod-left-holders.js';
import { holdCommand, setCommand, type ToolsVersion } from './gpiod-tools.js';

/**
 * At the end the child that was just killed may still hold the line, so setting the safe level is tried for this long. Four lines whose
 * tools all hang must fit into the time that systemd gives the service to stop (TimeoutStopSec), after which safe-state.sh runs.
 */
const CLOSE_MS = 1500;
const CLOSE_TRY_MS = 25;

const NO_PROCESS =
  'no process can be started that would drive the line on when this one ends (out of processes or memory)';

/** How often it is looked whether a gpioset that an earlier process left is still there. */
const LOOK_MS = 100;

export interface HeldLineParts {
  readonly version: ToolsVersion;
  readonly line: GpioLine;
  readonly rest: Rest;
  readonly onFault: (why: string) => void;
  readonly clock: Clock;
  readonly leftHolders: LeftHolders;
}

/** The gpioset that drives the line. */
interface Holder {
  readonly high: boolean;
  /** It goes on when this process ends. */
  readonly lasting: boolean;
  kill(): void;
}

/**
 * A line held at its level by a gpioset. A new level needs a new gpioset; for the few milliseconds between the two nothing drives the
 * line, and the board's resistor decides its level. At the level at which the line must be left held, that gpioset outlives this process.
 */
export class HeldLine implements OutputLine {
  readonly #parts: HeldLineParts;
  #rest: Rest;
  #wanted: boolean;
  #holder: Holder | undefined;
  #look: Timer | undefined;
  #changing = false;
  #closed = false;
  #lost: string | undefined;

  /** @param left the process of an earlier daemon that drives the line already */
  constructor(parts: HeldLineParts, left?: LeftHolder) {
    this.#parts = parts;
    this.#rest = parts.rest;
    this.#wanted = parts.rest.high;
    if (left) this.#adopt(left);
    else this.#hold();
  }

  /** Why no gpioset holds the line now; undefined while one does. */
  get lost(): string | undefined {
    return this.#lost;
  }

  write(high: boolean): void {
    const { label, offset } = this.#parts.line;
    if (this.#closed) throw new Error(`the line ${offset} of "${label}" is closed`);
    this.#wanted = high;
    if (this.#holder) this.#renew();
    else this.#hold();
  }

  leaveAt(rest: Rest): void {
    this.#rest = rest;
    if (!this.#renew()) throw new Error(NO_PROCESS);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#look?.cancel();
    const holds = this.#holder !== undefined && !this.#changing && this.#holder.high === this.#rest.high;
    if (this.#rest.held && holds && this.#holder?.lasting) return;
    // The one at work ends with this process, and safe-state.sh starts another one. Ended now, the line would be nobody's for longer.
    if (this.#rest.held && holds && !canStartTools()) throw new Error(NO_PROCESS);
    this.#holder?.kill();
    if (!this.#rest.held) this.#parts.leftHolders.forget(this.#parts.line);
    this.#set(this.#rest.high);
    if (this.#rest.held) this.#startLasting(this.#rest.high);
  }

  /** Sets the level once. Synchronous: the process may end right after this. */
  #set(high: boolean): void {
    const { version, line } = this.#parts;
    const [tool, ...args] = setCommand(version, line.chip, line.offset, high);
    let complaint = '';
    const endMs = performance.now() + CLOSE_MS;
    for (let leftMs = CLOSE_MS; leftMs > 0; leftMs = endMs - performance.now()) {
      const { status, stderr, error } = spawnSync(tool, args, {
        timeout: Math.ceil(leftMs),
        killSignal: 'SIGKILL',
        encoding: 'utf8',
      });
      if (status === 0) return;
      complaint = error?.message ?? stderr.trim();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, CLOSE_TRY_MS);
    }
    throw new Error(`${[tool, ...args].join(' ')}: ${complaint}`);
  }

  /**
   * Replaces the gpioset where another level is wanted, or one that lasts longer or less long.
   * @returns false where the one at work has the right level and was kept, because no other can be started: in a fire the door stays released
   */
  #renew(): boolean {
    if (!this.#holder || this.#changing) return true;
    const { high, lasting } = this.#holder;
    if (high === this.#wanted && lasting === this.#mustLast()) return true;
    if (high === this.#wanted && !canStartTools()) return false;
    this.#changing = true;
    this.#holder.kill();
    return true;
  }

  #mustLast(): boolean {
    return this.#rest.held && this.#wanted === this.#rest.high;
  }

  #hold(): void {
    const { version, line, leftHolders } = this.#parts;
    const high = this.#wanted;
    this.#lost = undefined;
    if (this.#mustLast()) {
      this.#startLasting(high);
      return;
    }
    leftHolders.forget(line);
    const child = startTool(holdCommand(version, line.chip, line.offset, high), { onEnd: (why) => this.#ended(why) });
    this.#holder = { high, lasting: false, kill: child.kill };
  }

  #startLasting(high: boolean): void {
    const { version, line, leftHolders } = this.#parts;
    const command = holdCommand(version, line.chip, line.offset, high);
    const child = startLastingTool(command, { onEnd: (why) => this.#ended(why) });
    this.#holder = { high, lasting: true, kill: child.kill };
    if (child.pid !== undefined) leftHolders.note(line, { pid: child.pid, high });
  }

  /** It is no child of this process, so its end is found by looking. */
  #adopt(left: LeftHolder): void {
    const { pid, high } = left;
    const holds = () => holdsLine(this.#parts.line, left);
    this.#holder = { high, lasting: true, kill: () => holds() && process.kill(pid, 'SIGKILL') };
    const look = () => {
      if (holds()) this.#look = this.#parts.clock.after(LOOK_MS, look);
      else this.#ended(`the gpioset ${pid} that an earlier run had left is gone`);
    };
    look();
  }

  #ended(why: string): void {
    this.#holder = undefined;
    if (this.#closed) return;
    const replaced = this.#changing;
    this.#changing = false;
    if (replaced) this.#hold();
    else {
      this.#lost = why;
      this.#parts.onFault(why);
    }
  }
}
