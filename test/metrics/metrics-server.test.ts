import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text as allOf } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { MetricsServer } from '../../src/metrics/metrics-server.js';
import { SharedPage } from '../../src/metrics/shared-page.js';
import { until } from '../site/until.js';

let server: MetricsServer | undefined;
afterEach(() => server?.close());

async function start() {
  const clock = new ManualClock();
  const made = { pages: 0, errors: [] as string[], fails: false };
  const metrics = async () => {
    made.pages++;
    if (made.fails) throw new Error('a defect');
    return { type: 'text/plain', text: 'kaimon_online 1\n' };
  };
  const on = new MetricsServer({ metrics, healthy: () => true }, clock, (why) => made.errors.push(why));
  server = on;
  on.server.listen(0, '127.0.0.1');
  await once(on.server, 'listening');
  const { port } = on.server.address() as AddressInfo;
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  return { clock, made, open, port };
}

const ASK = 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n';

test('of requests that come in one stream the first is answered, and no other', async () => {
  const { made, open } = await start();
  const socket = await open();
  socket.end(ASK.repeat(1000));
  const said = await allOf(socket);
  expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n.*kaimon_online 1\n$/s);
  expect(said.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(made.pages).toBe(1);
});

test('a stream of requests without end loses its connection', async () => {
  const { made, open } = await start();
  const socket = await open();
  socket.on('error', () => undefined);
  let closed = false;
  socket.on('close', () => {
    closed = true;
  });
  const more = () => {
    if (!closed) socket.write(ASK.repeat(1000), () => setImmediate(more));
  };
  more();
  await until('it is closed', () => closed);
  expect(made.pages).toBe(1);
});

test('those who only hold a connection shut nobody out, and lose it after two seconds', async () => {
  const { clock, open, port } = await start();
  const idle = await Promise.all(Array.from({ length: 8 }, open));
  let closed = 0;
  for (const socket of idle) socket.on('error', () => undefined).on('close', () => closed++);
  idle[0]?.write('GET /metr');
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  await until('the oldest went', () => closed === 1);
  clock.advance(2_000);
  await until('all are closed', () => closed === 8);
});

test('a request may come in pieces, and one that is none is refused', async () => {
  const { open } = await start();
  const slow = await open();
  slow.write('GET /met');
  const after = await open();
  after.end('rubbish\r\n\r\n');
  expect(await allOf(after)).toMatch(/^HTTP\/1\.1 400 /);
  slow.end('rics HTTP/1.0\r\n\r\n');
  expect(await allOf(slow)).toMatch(/^HTTP\/1\.1 200 /);
});

test('a page that cannot be made is told, and the next one is tried', async () => {
  const { made, port } = await start();
  made.fails = true;
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(500);
  expect(made.errors).toEqual(['a defect']);
  made.fails = false;
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200);
});

test('a page is made once for all who ask meanwhile, and kept for a second', async () => {
  const clock = new ManualClock();
  const ends: (() => void)[] = [];
  let fails = true;
  const page = new SharedPage(
    () =>
      new Promise<number>((resolve, reject) => {
        ends.push(() => (fails ? reject(new Error('no')) : resolve(ends.length)));
      }),
    clock,
  );
  const failed = page.get();
  ends[0]?.();
  await expect(failed).rejects.toThrow('no');
  fails = false;
  const first = page.get();
  clock.advance(5_000);
  const second = page.get();
  expect(ends).toHaveLength(2);
  ends[1]?.();
  expect([await first, await second]).toEqual([2, 2]);
  const third = page.get();
  expect(ends).toHaveLength(3);
  ends[2]?.();
  expect(await third).toBe(3);
  clock.advance(999);
  expect(await page.get()).toBe(3);
  expect(ends).toHaveLength(3);
});
