import { getSystemErrorName } from 'node:util';
import { explain } from '../kit/errors.js';
import type { NoticeSender } from './notice-sender.js';
import { noticeLines, type PendingNotice } from './notify.js';

/** The package unix-dgram, as far as it is used here. */
export type Datagrams = Pick<typeof import('unix-dgram'), 'createSocket'>;

/** sun_path of unix(7) without its final zero; what is longer the package would cut off, and so send to another socket. */
const PATH_BYTES_MAX = 107;

/** systemd's queue is full, or the kernel has no memory for one more message: a moment later there may be room. */
const FULL: readonly string[] = ['EAGAIN', 'ENOBUFS', 'ENOMEM'];

/**
 * Opens the direct way to systemd: datagrams from this very process, which needs no other process to be started.
 * @param address NOTIFY_SOCKET
 * @returns the reason, as a sentence, where there is none
 */
export async function openDatagramSender(
  address: string,
  load: () => Promise<Datagrams> = () => import('unix-dgram'),
): Promise<NoticeSender | string> {
  if (!address.startsWith('/') || Buffer.byteLength(address) > PATH_BYTES_MAX)
    return `NOTIFY_SOCKET is ${address.slice(0, PATH_BYTES_MAX)}, and datagrams can be sent to a path of at most ${PATH_BYTES_MAX} bytes only`;
  try {
    return new DatagramSender(await load(), address);
  } catch (thrown) {
    const [why = ''] = explain(thrown).split('\n');
    return `the npm package unix-dgram cannot be loaded (scripts/setup compiles it; a package brings it, install it again): ${why}`;
  }
}

/** A socket of its own for each notice: none is left open that could keep the process from ending, or go on pointing at an earlier systemd. */
class DatagramSender implements NoticeSender {
  readonly #datagrams: Datagrams;
  readonly #path: string;

  constructor(datagrams: Datagrams, path: string) {
    this.#datagrams = datagrams;
    this.#path = path;
  }

  async send(notice: PendingNotice): Promise<'sent' | 'full'> {
    const failure = this.#hand(Buffer.from(noticeLines(notice).join('\n')));
    if (failure === undefined) return 'sent';
    const code = codeOf(failure);
    if (FULL.includes(code)) return 'full';
    throw new Error(`no datagram can be sent to ${this.#path}: ${code}`, { cause: failure });
  }

  /** The package makes its sockets non-blocking, so this returns at once. */
  #hand(bytes: Buffer): unknown {
    let failure: unknown;
    try {
      const socket = this.#datagrams.createSocket('unix_dgram');
      socket.send(bytes, 0, bytes.length, this.#path, (error) => {
        failure = error;
      });
      socket.close();
    } catch (thrown) {
      failure ??= thrown;
    }
    return failure;
  }
}

/** `ECONNREFUSED`, where the error has a number. */
function codeOf(thrown: unknown): string {
  const errno = (thrown as { readonly errno?: unknown }).errno;
  return typeof errno === 'number' && errno < 0 ? getSystemErrorName(errno) : explain(thrown);
}
