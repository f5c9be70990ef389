import { createServer, type Socket } from 'node:net';

/** What a fake broker does with a publish of QoS 1: acknowledges it with this reason code, or says nothing. */
export type Answering = (topic: string) => number | undefined;

export interface FakeBroker {
  readonly url: string;
  /** Connections that were greeted. */
  readonly greeted: () => number;
  close(): Promise<void>;
}

/**
 * Answers of MQTT 5 that a real Mosquitto cannot be made to give. It greets, answers subscriptions and pings, and publishes nothing.
 * @param lies what it sends in place of the answer to a CONNECT (1), PUBLISH (3) or SUBSCRIBE (8)
 */
export async function fakeBroker(
  answering: Answering,
  lies: Readonly<Partial<Record<1 | 3 | 8, Buffer>>> = {},
): Promise<FakeBroker> {
  const sockets = new Set<Socket>();
  let greeted = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (let packet = next(rest); packet; packet = next(rest)) {
        rest = rest.subarray(packet.size);
        const { kind, body } = packet;
        if (kind === 1) greeted++;
        const lie = lies[kind as 1 | 3 | 8];
        if (lie) socket.write(lie);
        else if (kind === 1) {
          socket.write(Buffer.from([0x20, 3, 0, 0, 0]));
        } else if (kind === 8) socket.write(subscribed(body));
        else if (kind === 12) socket.write(Buffer.from([0xd0, 0]));
        else if (kind === 3) {
          const length = body.readUInt16BE(0);
          const code = answering(body.toString('utf8', 2, 2 + length));
          const [high, low] = [body[2 + length] ?? 0, body[3 + length] ?? 0];
          if (code !== undefined) socket.write(Buffer.from([0x40, 4, high, low, code, 0]));
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    greeted: () => greeted,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The first whole packet of what came. */
function next(bytes: Buffer): { readonly kind: number; readonly body: Buffer; readonly size: number } | undefined {
  let [at, length, shift] = [1, 0, 0];
  for (; ; at++, shift += 7) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) << shift;
    if ((byte & 0x80) === 0) break;
  }
  const size = at + 1 + length;
  if (bytes.byteLength < size) return undefined;
  return { kind: (bytes[0] ?? 0) >> 4, body: bytes.subarray(at + 1, size), size };
}

/** One reason code, QoS 1 granted, for each filter; the subscription's properties are empty. */
function subscribed(body: Buffer): Buffer {
  const codes: number[] = [];
  for (let at = 3; at < body.byteLength; at += 2 + body.readUInt16BE(at) + 1) codes.push(1);
  return Buffer.from([0x90, 3 + codes.length, body[0] ?? 0, body[1] ?? 0, 0, ...codes]);
}
