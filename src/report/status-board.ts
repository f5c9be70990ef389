/** Shows a state whenever it is another than before; may be asked to look as often as anybody likes. */
export class Board<T> {
  readonly #look: () => T;
  readonly #show: (state: T) => void;
  #shown = '';

  constructor(look: () => T, show: (state: T) => void) {
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
