import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';

/** What the server answers. */
export interface Pages {
  /** The metrics, and the type of their text. */
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
  /** Whether the gate is online. */
  healthy(): boolean;
}

interface Answer {
  readonly status: keyof typeof REASONS;
  readonly text: string;
  readonly type?: string;
  readonly allow?: string;
}

/** Prometheus comes with one connection; a second one, a person and a probe find room. */
const CONNECTIONS_MAX = 8;
const HEAD_BYTES_MAX = 8 * 1024;
/** What comes after the request is thrown away, up to here: a client that still writes would not read the answer. */
const REST_BYTES_MAX = 256 * 1024;
/** So long a connection may be without a whole request, and then so long unread. */
const REQUEST_MS = 2_000;
const ANSWER_MS = 5_000;
const REASONS = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

/**
 * A server for two pages that only reads. One connection is one request and its answer: an HTTP server that keeps connections takes a whole stream of
 * requests out of one packet and answers all of them before it does anything else, and the door is what waits. Where there is no room the
 * connection goes that has been without a request the longest, so that those who only hold one shut nobody out.
 */
export class MetricsServer {
  readonly server: Server;
  readonly #connections = new Set<Connection>();

  constructor(pages: Pages, clock: Pick<Clock, 'after'>, onError: (why: string) => void) {
    // A client may end its side once it has asked.
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      if (this.#connections.size >= CONNECTIONS_MAX) this.#makeRoom();
      const connection = new Connection(socket, pages, clock, onError);
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
    });
  }

  close(): void {
    this.server.close();
    for (const connection of this.#connections) connection.destroy();
  }

  #makeRoom(): void {
    const all = [...this.#connections];
    const last = all.find(({ asked }) => !asked) ?? all[0];
    if (last === undefined) return;
    this.#connections.delete(last);
    last.destroy();
  }
}

class Connection {
  readonly #socket: Socket;
  readonly #pages: Pages;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #onError: (why: string) => void;
  #head = Buffer.alloc(0);
  #restBytes = 0;
  #asked = false;
  #limit: Timer;

  constructor(socket: Socket, pages: Pages, clock: Pick<Clock, 'after'>, onError: (why: string) => void) {
    this.#socket = socket;
    this.#pages = pages;
    this.#clock = clock;
    this.#onError = onError;
    this.#limit = clock.after(REQUEST_MS, () => this.destroy());
    // A client that goes away is none of the gate's troubles.
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.#limit.cancel());
    socket.on('data', (bytes) => this.#came(bytes));
    socket.on('end', () => {
      if (!this.#asked) this.destroy();
    });
  }

  /** Whether the request is there, or what can only be refused. */
  get asked(): boolean {
    return this.#asked;
  }

  destroy(): void {
    this.#limit.cancel();
    this.#socket.destroy();
  }

  #came(bytes: Buffer): void {
    if (this.#asked) {
      this.#restBytes += bytes.length;
      if (this.#restBytes > REST_BYTES_MAX) this.destroy();
      return;
    }
    this.#head = Buffer.concat([this.#head, bytes.subarray(0, HEAD_BYTES_MAX)]);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0 && this.#head.length < HEAD_BYTES_MAX) return;
    this.#asked = true;
    this.#limit.cancel();
    this.#limit = this.#clock.after(ANSWER_MS, () => this.destroy());
    void this.#answer(end < 0 ? undefined : this.#head.toString('latin1', 0, end));
    this.#head = Buffer.alloc(0);
  }

  async #answer(head: string | undefined): Promise<void> {
    let answer: Answer;
    try {
      answer = head === undefined ? { status: 431, text: 'too large\n' } : await answerTo(head, this.#pages);
    } catch (thrown) {
      this.#onError(explain(thrown));
      answer = { status: 500, text: 'the metrics could not be made\n' };
    }
    if (!this.#socket.destroyed) this.#socket.end(written(answer));
  }
}

async function answerTo(head: string, pages: Pages): Promise<Answer> {
  const [, method, target = ''] = /^([A-Z]+) (\S+) HTTP\/1\.[01](?:\r\n|$)/.exec(head) ?? [];
  if (method === undefined) return { status: 400, text: 'no request of HTTP/1.1\n' };
  const path = target.split('?')[0];
  if (path !== '/metrics' && path !== '/healthz') return { status: 404, text: 'there are /metrics and /healthz\n' };
  if (method !== 'GET') return { status: 405, text: 'GET only\n', allow: 'GET' };
  if (path === '/metrics') return { status: 200, ...(await pages.metrics()) };
  return pages.healthy() ? { status: 200, text: 'online\n' } : { status: 503, text: 'degraded\n' };
}

function written({ status, text, type = 'text/plain; charset=utf-8', allow }: Answer): string {
  return [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Cache-Control: no-store',
    'Connection: close',
    ...(allow === undefined ? [] : [`Allow: ${allow}`]),
    '',
    text,
  ].join('\r\n');
}
