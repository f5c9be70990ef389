import { createConnection, type Socket } from 'node:net';
import { type EyeEvents, type EyeProcess, readMessages, sendRequest } from './eye-process.js';
import type { ToEye } from './protocol.js';

/**
 * An eye in a systemd unit of its own: systemd starts one for each connection to its socket. Closing the connection ends it, a hung
 * one too (systemd/eye.sh). Only root can put something else at a path that systemd made in /run.
 */
export class UnitEye implements EyeProcess {
  readonly pid = undefined;
  readonly #connection: Socket;

  constructor(events: EyeEvents, socket: string) {
    let why = "it ended, or was ended: journalctl -u 'kaimon-eye@*' says more";
    this.#connection = createConnection({ path: socket });
    this.#connection.on('error', (error: NodeJS.ErrnoException) => {
      if (error.syscall !== 'connect') return;
      why = `it cannot be reached at ${socket} (${error.code}): is kaimon-eye.socket installed and started (docs/install.md)?`;
    });
    this.#connection.on('close', () => events.onExit(why));
    readMessages(this.#connection, events);
  }

  send(request: ToEye, blob?: Buffer): boolean {
    return sendRequest(this.#connection, request, blob);
  }

  kill(): void {
    this.#connection.destroy();
  }
}
