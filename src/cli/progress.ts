import type { Progress } from '../evaluation/context.js';

const WIDTH = 30;
/** A terminal is redrawn at most so often; a log file gets a line for every tenth. */
const TERMINAL_MS = 100;

/** A progress line on standard error: a bar on a terminal, every tenth elsewhere. */
export class ProgressLine implements Progress {
  readonly #what: string;
  readonly #total: number;
  #knownAhead: number;
  readonly #startMs = Date.now();
  #at = 0;
  #knownBehind = 0;
  #drawnMs = 0;
  #writtenTenths = 0;

  /** @param known how many of them take no time */
  constructor(what: string, total: number, known = 0) {
    this.#what = what;
    this.#total = total;
    this.#knownAhead = known;
  }

  step(): void {
    this.set(this.#at + 1);
  }

  /** One of those that take no time, wherever they come. */
  stepKnown(): void {
    this.#knownAhead -= 1;
    this.#knownBehind += 1;
    this.step();
  }

  set(at: number): void {
    this.#at = Math.min(this.#total, at);
    const share = this.#total === 0 ? 1 : this.#at / this.#total;
    if (process.stderr.isTTY) this.#draw(share);
    else if (Math.floor(share * 10) > this.#writtenTenths) {
      this.#writtenTenths = Math.floor(share * 10);
      process.stderr.write(`${this.#what}: ${Math.round(share * 100)} %${this.#left()}\n`);
    }
  }

  done(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  }

  #draw(share: number): void {
    const now = Date.now();
    if (now - this.#drawnMs < TERMINAL_MS && share < 1) return;
    this.#drawnMs = now;
    const full = Math.round(share * WIDTH);
    process.stderr.write(
      `\r\u001b[K${this.#what} [${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}] ${this.#at}/${this.#total}${this.#left()}`,
    );
  }

  #left(): string {
    const done = this.#at - this.#knownBehind;
    const ahead = this.#total - this.#at - this.#knownAhead;
    if (done <= 0 || ahead <= 0) return '';
    const seconds = ((Date.now() - this.#startMs) / 1000 / done) * ahead;
    return `, ${Math.ceil(seconds)} s left`;
  }
}
