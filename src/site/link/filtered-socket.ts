import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { IClientOptions } from 'mqtt';
import type { Oversized, PacketFilter } from './packet-filter.js';

const PORT = 1883;
const PORT_TLS = 8883;

/** Opens the connection to the broker, with TLS where the address says so. @throws at once where certificate or key are none */
export function openSocket(
  url: URL,
  { ca, cert, key, servername }: Pick<IClientOptions, 'ca' | 'cert' | 'key' | 'servername'>,
): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const encrypted = url.protocol === 'mqtts:';
  const port = url.port === '' ? (encrypted ? PORT_TLS : PORT) : Number(url.port);
  const name = servername ?? (isIP(host) === 0 ? host : undefined);
  const socket = encrypted
    ? connectTls({
        host,
        port,
        rejectUnauthorized: true,
        ...(name === undefined ? {} : { servername: name }),
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key: key as string | Buffer }),
      })
    : connectPlain({ host, port });
  // Otherwise each acknowledgement waits up to 40 ms for the other side's (Nagle meets delayed ACK).
  return socket.setNoDelay(true);
}

export interface FilterListeners {
  readonly onOversized: (message: Oversized) => void;
  /** The connection is being ended; why in a sentence. */
  readonly onBroken: (why: string) => void;
}

/** A socket as the reader of packets sees it: what comes in has passed the filter. Ends with the socket, and the socket with it. */
export class FilteredSocket extends Duplex {
  readonly #socket: Socket;

  constructor(socket: Socket, filter: PacketFilter, { onOversized, onBroken }: FilterListeners) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      const { pass, oversized, broken } = filter.feed(chunk);
      for (const message of oversized) onOversized(message);
      for (const bytes of pass) if (!this.push(bytes)) socket.pause();
      if (broken === undefined || this.destroyed) return;
      onBroken(broken);
      this.destroy();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer; readonly encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
