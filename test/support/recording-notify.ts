import type { Notify } from '../../src/host/notify.js';

/** Most calls that are remembered. */
const REMEMBERED_MAX = 1000;

/** Simulated: remembers what the service manager would have been told, oldest first. */
export class RecordingNotify implements Notify {
  #told: readonly string[] = [];

  get told(): readonly string[] {
    return this.#told;
  }

  ready(status: string): void {
    this.#tell(`ready: ${status}`);
  }

  status(text: string): void {
    this.#tell(`status: ${text}`);
  }

  watchdog(): void {
    this.#tell('watchdog');
  }

  stopping(): Promise<void> {
    this.#tell('stopping');
    return Promise.resolve();
  }

  #tell(line: string): void {
    this.#told = [...this.#told, line].slice(-REMEMBERED_MAX);
  }
}
