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
    this.#sent = [...this.#sent, line].slice(-REMEMBERED_MAX);
  }
}
