import { connect, createServer, type Socket } from 'node:net';

/** A gate's cable to its broker, which can be pulled: both sides see a lost socket. */
export interface Cable {
  readonly url: string;
  pull(): void;
  plug(): void;
  close(): Promise<void>;
}

export async function layCable(toPort: number): Promise<Cable> {
  const sockets = new Set<Socket>();
  let plugged = true;
  const server = createServer({ noDelay: true }, (near) => {
    if (!plugged) {
      near.destroy();
      return;
    }
    const far = connect({ port: toPort, host: '127.0.0.1', noDelay: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const pull = () => {
    plugged = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    pull,
    plug: () => {
      plugged = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        pull();
      }),
  };
}
