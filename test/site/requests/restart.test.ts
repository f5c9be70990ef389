import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Paths } from '../../../src/config/paths.js';
import { Endings } from '../../../src/kit/endings.js';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import type { Packet } from '../../../src/site/link/link.js';
import { type RequestHandlers, RequestServer } from '../../../src/site/requests/request-server.js';
import { openSeenRequests } from '../../../src/site/requests/seen-file.js';
import { SeenRequests } from '../../../src/site/requests/seen-requests.js';
import { tempFolder } from '../../store/sample.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { noSiteReports } from '../../support/no-site-reports.js';
import { type Call, noting } from '../harness.js';

const MINUTE = 60_000;
const ID = '3f2c1d0e-5a4b-4c3d-8e2f-1a0b9c8d7e6f';
const NOW = Date.UTC(2026, 10, 24, 8);

/** One run of the daemon, from its start to its end, with a clock of its own. */
async function run(
  state: string,
  wallMs: number,
  trusted: boolean,
  confirmed: number | null = null,
  handlers: (calls: Call[]) => RequestHandlers = noting,
) {
  const [clock, endings] = [new ManualClock(wallMs), new Endings()];
  const paths = { state } as Paths;
  const requests = await openSeenRequests({ paths, clock, log: silentLog, endings, warnings: [] });
  const calls: Call[] = [];
  const link = new MemoryBroker(clock).link();
  const answers: { readonly id: string; readonly ok: boolean; readonly error?: { readonly code: string } }[] = [];
  link.publish = async (_topic, text) => void answers.push(JSON.parse(String(text)));
  const trust = { trusted, confirmedMs: confirmed as never };
  const server = new RequestServer({
    link,
    names: { site: 'home', gate: 'north' },
    clock,
    log: silentLog,
    handlers: handlers(calls),
    // Written as always; thousands of requests need not wait for it one after the other.
    requests: { ...requests, keep: requests.keepSoon, kept: async () => requests.keepSoon() },
    trustedClock: trust,
    reports: noSiteReports,
    written: () => Promise.resolve(),
  });
  const ask = async (sentMs: number, id = ID, verb = 'open'): Promise<string> => {
    const [time, expires] = [sentMs, sentMs + 4 * MINUTE].map((ms) => new Date(ms).toISOString());
    const args = verb === 'enroll' ? { name: 'Ada', from: 'camera' } : {};
    const body = JSON.stringify({ v: 1, id, time, expires, by: 'office', args });
    const packet: Packet = {
      topic: `kaimon/home/gates/north/request/${verb}`,
      payload: Buffer.from(body),
      retain: false,
    };
    server.receive(packet);
    return await answerTo(id);
  };
  const answerTo = async (id: string): Promise<string> => {
    const found = () => answers.findLastIndex((answer) => answer.id === id);
    while (found() < 0) await new Promise(setImmediate);
    const [answer] = answers.splice(found(), 1);
    return answer?.ok ? 'done' : (answer?.error?.code ?? '');
  };
  /** As fast as one client may. */
  const askMany = async (count: number, sentMs: number) => {
    for (let n = 0; n < count; n++) {
      clock.advance(50);
      expect(await ask(sentMs, idOf(n), n % 2 ? 'open' : 'lock')).toBe('done');
    }
  };
  return {
    clock,
    trust,
    calls,
    ask,
    askMany,
    stop: () => server.stop(),
    kept: requests.kept,
    end: () => endings.close(),
  };
}

test('a request that was done is not done again after a restart, even where the clock was set back before its start', async () => {
  const state = await tempFolder();
  const first = await run(state, NOW, true);
  first.clock.advance(MINUTE);
  expect(await first.ask(NOW + MINUTE)).toBe('done');
  await first.end();
  // As on a board without a battery: the clock begins before the request was sent, and nothing confirms it.
  const second = await run(state, NOW, false);
  second.clock.advance(2 * MINUTE);
  expect(await second.ask(NOW + MINUTE)).toBe('replayed');
  expect(second.calls).toEqual([]);
});

test('a request of before the restart that nobody has done is refused once the clock is right, and new ones are taken', async () => {
  const gate = await run(await tempFolder(), 0, false);
  gate.clock.advance(MINUTE);
  gate.clock.jumpWall(NOW - gate.clock.wall());
  gate.trust.trusted = true;
  expect(await gate.ask(NOW - 2 * MINUTE)).toBe('expired');
  expect(await gate.ask(NOW, ID.replace('3f2c', '0000'))).toBe('done');
});

test('a start with a clock far ahead refuses nothing any more once the clock is right', async () => {
  const gate = await run(await tempFolder(), NOW + 86_400_000, false);
  expect(await gate.ask(NOW)).toBe('expired');
  gate.clock.advance(MINUTE);
  gate.clock.jumpWall(-86_400_000);
  expect(await gate.ask(NOW + MINUTE - 1000)).toBe('done');
});

test('a clock that is behind what the network has confirmed before the restart revives nothing', async () => {
  const gate = await run(await tempFolder(), NOW - 60 * MINUTE, false, NOW);
  gate.clock.advance(MINUTE);
  expect(await gate.ask(NOW - 59 * MINUTE)).toBe('expired');
  expect(await gate.ask(NOW + MINUTE, ID.replace('3f2c', '0001'))).toBe('done');
});

const idOf = (n: number) => ID.replace('3f2c1d0e', String(n).padStart(8, '0'));

test.each([3072, 3073])(
  '%i requests taken while the clock was far ahead keep out none once it is right, after a restart neither',
  async (count) => {
    const state = await tempFolder();
    const ahead = Date.UTC(2099, 0, 1);
    const gate = await run(state, ahead, false);
    gate.clock.advance(1);
    await gate.askMany(3072, ahead + 1);
    if (count > 3072) {
      gate.clock.advance(5 * MINUTE);
      expect(await gate.ask(ahead + 5 * MINUTE, idOf(4000))).toBe('done');
    }
    gate.clock.jumpWall(NOW - gate.clock.wall());
    gate.trust.trusted = true;
    expect(await gate.ask(NOW, idOf(5000))).toBe('done');
    await gate.end();
    const again = await run(state, NOW, true);
    again.clock.advance(1);
    expect(await again.ask(NOW + 1, idOf(5001))).toBe('done');
  },
);

test('what was forgotten to make room is not new after a restart with the clock set back', async () => {
  const state = await tempFolder();
  const gate = await run(state, NOW, true);
  gate.clock.advance(1);
  await gate.askMany(1000, NOW + 1);
  gate.clock.advance(5 * MINUTE);
  expect(await gate.ask(NOW + 5 * MINUTE, idOf(1000))).toBe('done');
  await gate.end();
  const again = await run(state, NOW, false);
  again.clock.advance(2);
  expect(await again.ask(NOW + 1, idOf(5))).toBe('replayed');
});

test.each([
  ['dropped at a stop', 'busy', 0],
  ['too late when their turn came', 'expired', 5 * MINUTE],
])('slow requests that were %s are not done after a start with a clock of before', async (_what, code, waitMs) => {
  const state = await tempFolder();
  const ends: (() => void)[] = [];
  const slow = (calls: Call[]): RequestHandlers => ({
    ...noting(calls),
    enroll: () => new Promise((resolve) => ends.push(() => resolve({}))),
  });
  const gate = await run(state, NOW, true, null, slow);
  gate.clock.advance(1);
  const done = [1, 2].map((n) => gate.ask(NOW + 1, idOf(n), 'enroll'));
  while (ends.length < 2) await new Promise(setImmediate);
  // All that was asked to be written is.
  gate.clock.advance(5_000);
  await gate.kept();
  const third = gate.ask(NOW + 1, idOf(3), 'enroll');
  gate.clock.advance(waitMs);
  if (waitMs === 0) gate.stop();
  for (const end of ends) end();
  expect(await third).toBe(code);
  await Promise.all(done);
  // Writes only what somebody has asked to be written.
  await gate.end();
  const again = await run(state, NOW, false);
  again.clock.advance(2);
  expect(await again.ask(NOW + 1, idOf(3), 'enroll')).toBe('replayed');
  expect(again.calls).toEqual([]);
});

test('only what changes something is written, and a damaged file is set aside', async () => {
  const state = await tempFolder();
  const file = join(state, 'requests.json');
  await writeFile(file, 'rubbish');
  const gate = await run(state, NOW, true);
  gate.clock.advance(1);
  expect(await gate.ask(NOW + 1)).toBe('done');
  await gate.end();
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
    schema: 2,
    requests: { [ID]: new Date(NOW + 1 + 4 * MINUTE).toISOString() },
    forgotten: [],
  });
});

test('while the file cannot be written requests are done all the same', async () => {
  const state = await tempFolder();
  const gate = await run(state, NOW, true);
  await rm(state, { recursive: true });
  gate.clock.advance(1);
  expect(await gate.ask(NOW + 1)).toBe('done');
  await gate.end();
});

test('nothing moves before its id is on the disk, and a disk that hangs keeps it for a quarter of a second', async () => {
  const clock = new ManualClock(NOW);
  const calls: Call[] = [];
  const writes: (() => void)[] = [];
  const server = new RequestServer({
    link: new MemoryBroker(clock).link(),
    names: { site: 'home', gate: 'north' },
    clock,
    log: silentLog,
    handlers: noting(calls),
    requests: {
      seen: new SeenRequests(),
      keep: () => undefined,
      keepSoon: () => undefined,
      kept: () => new Promise((resolve) => writes.push(resolve)),
    },
    trustedClock: { trusted: true, confirmedMs: null },
    reports: noSiteReports,
    written: () => Promise.resolve(),
  });
  const ask = async (verb: string, n: number) => {
    const [time, expires] = [0, MINUTE].map((ms) => new Date(clock.wall() + ms).toISOString());
    const payload = Buffer.from(JSON.stringify({ v: 1, id: idOf(n), time, expires, by: 'office', args: {} }));
    server.receive({ topic: `kaimon/home/gates/north/request/${verb}`, payload, retain: false });
    await new Promise(setImmediate);
  };
  const done = () => calls.map(({ verb }) => verb);
  await ask('open', 1);
  await ask('lock', 2);
  await ask('ping', 3);
  expect(done()).toEqual(['ping']);
  writes[0]?.();
  await new Promise(setImmediate);
  expect(done()).toEqual(['ping', 'open']);
  clock.advance(249);
  await new Promise(setImmediate);
  expect(done()).toEqual(['ping', 'open']);
  clock.advance(1);
  await new Promise(setImmediate);
  expect(done()).toEqual(['ping', 'open', 'lock']);
});
