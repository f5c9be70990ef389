import type { GateState } from './status.js';

/** Shows the gate's state whenever it is another than before; may be asked to look as often as anybody likes. */
export class Board {
  readonly #look: () => GateState;
  readonly #show: (state: GateState) => void;
  #shown = '';

  constructor(look: () => GateState, show: (state: GateState) => void) {
    this.#look = look;
    this.#show = show;
  }

  refresh(): void {
    const state = this.#look();
    const text = JSON.stringify(state);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#show(state);
  }
}
