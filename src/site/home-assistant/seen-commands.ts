import type { WallMs } from '../../kit/clock.js';
import { COMMAND_LIFE_MS, type Command } from './options.js';

/** Commands of one kind that are taken within their life; a flood of others keeps no room from it. */
export const COMMANDS_MAX = 8;

/** The commands that were accepted and could still come again. At most {@link COMMANDS_MAX} of each kind. */
export class SeenCommands {
  readonly #seen = new Map<Command, readonly number[]>();

  /** @param at when it was sent, seconds since 1970: tells one from another */
  admit(command: Command, at: number, nowMs: WallMs): 'new' | 'repeated' | 'full' {
    // Sent up to one life ahead of the gate's clock, it can come again until one life after that.
    const kept = (this.#seen.get(command) ?? []).filter((other) => Math.abs(nowMs - other * 1000) <= COMMAND_LIFE_MS);
    if (kept.includes(at)) return 'repeated';
    if (kept.length >= COMMANDS_MAX) return 'full';
    this.#seen.set(command, [...kept, at]);
    return 'new';
  }
}
