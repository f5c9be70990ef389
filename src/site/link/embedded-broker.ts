import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { OperatingError } from '../../kit/errors.js';
import { PacketFilter } from './packet-filter.js';

/** A demo has one daemon, one script and a few clients that subscribe. */
const CLIENTS_MAX = 32;

export interface EmbeddedBroker {
  /** `mqtt://127.0.0.1:<port>` */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A broker inside this process, on loopback, MQTT 3.1.1, without users, access rights or a disk: for the demo only.
 * @param port 0 = any free one.
 * @throws OperatingError KAIMON_BROKER_LISTEN
 */
export async function startBroker({ port = 0 }: { readonly port?: number } = {}): Promise<EmbeddedBroker> {
  const broker = await Aedes.createBroker({ queueLimit: 1_000, connectTimeout: 10_000 });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const filter = new PacketFilter(4);
    socket.on('data', (chunk: Buffer) => {
      const { oversized, broken } = filter.feed(chunk);
      if (oversized.length > 0 || broken !== undefined) socket.destroy();
    });
    broker.handle(socket);
  });
  server.maxConnections = CLIENTS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new OperatingError(
          'KAIMON_BROKER_LISTEN',
          `the demo's broker cannot listen on 127.0.0.1:${port}: choose another port`,
          { cause },
        ),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `mqtt://127.0.0.1:${bound}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      await closed;
    },
  };
}
