import type { Notify } from '../../src/host/notify.js';

/** Most calls that are remembered. */
const REMEMBERED_MAX = 1000;

/** Simulated: remembers what the service manager would have been sent, oldest first. */
export class RecordingNotify implements Notify {
  #sent: readonly string[] = [];

  get sent(): readonly string[] {
    return this.#sent;
  }

  ready(status: string): void {
    this.#record(`ready: ${status}`);
  }

  status(text: string): void {
    this.#record(`status: ${text}`);
  }

  watchdog(): void {
    this.#record('watchdog');
  }

  stopping(): Promise<void> {
    this.#record('stopping');
    return Promise.resolve();
  }

  #record(line: string): void {
    this.#sent = [...this.#sent, line].slice(-REMEMBERED_MAX);
  }
}
