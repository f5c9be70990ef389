/** What Kaimon uses of the package unix-dgram, which brings no types. Callbacks are called before the function returns. */
declare module 'unix-dgram' {
  interface Socket {
    /** @param done gets an error whose `errno` is negative, as libuv has them */
    send(bytes: Buffer, offset: number, length: number, path: string, done: (error?: Error) => void): void;
    /** @throws Error */
    close(): void;
  }
  /** @throws Error with a negative `errno` when no socket can be had */
  export function createSocket(type: 'unix_dgram'): Socket;
}
