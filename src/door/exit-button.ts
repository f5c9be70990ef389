import type { Clock, Timer } from '../kit/clock.js';

export interface ExitButtonListener {
  /** Somebody has pressed it. */
  pressed(): void;
  /** It has been pressed for longer than anybody presses a button; or (false) it is let go. */
  stuck(active: boolean): void;
}

/**
 * What counts as a press of the exit button: that its wire goes from let go to pressed. A wire that is found pressed, at the start or when
 * it comes back after a fault, is a stuck button, a short circuit or a wrong `activeLevel`, and must not open a door.
 */
export class ExitButton {
  readonly #clock: Clock;
  readonly #stuckMs: number;
  readonly #listener: ExitButtonListener;
  #pressed: boolean | undefined;
  #found = false;
  #stuck = false;
  #timer: Timer | undefined;

  /** @param stuckMs pressed for longer it counts as stuck; 0: never */
  constructor(clock: Clock, stuckMs: number, listener: ExitButtonListener) {
    this.#clock = clock;
    this.#stuckMs = stuckMs;
    this.#listener = listener;
  }

  /** The wire's level, after bouncing. */
  level(pressed: boolean): void {
    if (pressed === this.#pressed) return;
    const known = this.#pressed !== undefined;
    this.#rest();
    this.#pressed = pressed;
    if (!pressed) return;
    this.#found = !known;
    if (this.#stuckMs > 0) this.#timer = this.#clock.after(this.#stuckMs, () => this.#stick());
    if (known) this.#listener.pressed();
  }

  /** The wire cannot be read any more: the next level is one that is found. */
  lost(): void {
    this.#rest();
    this.#pressed = undefined;
  }

  /** Sentences for the state. */
  problems(): readonly string[] {
    if (this.#stuck) {
      const longer = `${this.#stuckMs / 1000} s`;
      return [`the exit button is stuck: pressed for more than ${longer}, it opens for nobody`];
    }
    const advice = 'it opens once it has been let go; if nobody presses it, check its wire and door.rex.activeLevel';
    return this.#found ? [`the exit button was found pressed: ${advice}`] : [];
  }

  close(): void {
    this.#timer?.cancel();
  }

  #stick(): void {
    this.#stuck = true;
    this.#listener.stuck(true);
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#found = false;
    if (!this.#stuck) return;
    this.#stuck = false;
    this.#listener.stuck(false);
  }
}
