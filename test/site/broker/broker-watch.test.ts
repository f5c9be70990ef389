import { beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { BrokerWatch, type BrokerWatchParts } from '../../../src/site/broker/broker-watch.js';
import { type HeardInfo, InfoReader } from '../../../src/site/info/info-reader.js';
import { TAKEN_OVER } from '../../../src/site/link/mqtt-link.js';

let clock: ManualClock;
let watch: BrokerWatch;
let problems: Map<string, string>;
let forgot: number;
let contests: number;

const people = { revision: '', count: 0, hash: '' };
const info = (instance: object | undefined) => Buffer.from(JSON.stringify({ version: '1', people, instance }));
const own = () => info(watch.instance);
const other = (connection = 1) => info({ machine: 'other', boot: 'x', connection });
const earlierRun = () => info({ machine: 'mine', boot: 'before', connection: 3 });
/** A connection on which own info comes back, after what the broker had kept. */
function connected(...kept: readonly Buffer[]): void {
  watch.up(undefined);
  for (const one of kept) watch.receive(one);
  watch.published(own().toString());
  watch.receive(own());
}
/** What stands in the broker after the connection of the moment. */
const left = () => info({ ...watch.instance });

beforeEach(() => {
  clock = new ManualClock();
  problems = new Map();
  forgot = 0;
  contests = 0;
  watch = new BrokerWatch(parts());
});
const parts = (): BrokerWatchParts => ({
  names: { site: 'home', gate: 'north' },
  instance: { machine: 'mine', boot: 'now' },
  topic: 'kaimon/home/gates/north/info',
  infos: new InfoReader({
    site: 'home',
    keyring: undefined,
    monotonic: () => clock.monotonic(),
    now: () => undefined,
  }),
  clock,
  log: silentLog,
  onProblem: (kind, text) => (text === undefined ? problems.delete(kind) : problems.set(kind, text)),
  onForgot: () => forgot++,
  contest: () => contests++,
});

const kinds = () => [...problems.keys()];
/** Longer than any connection that counts as short. */
const AWHILE = 120_000;

describe('two gates of one name', () => {
  test('that take turns are noticed at the second time', () => {
    connected();
    clock.advance(AWHILE);
    watch.down('the connection was closed');
    connected(other());
    expect(kinds()).toEqual([]);
    watch.down('the connection was closed');
    connected(other(2));
    expect(problems.get('name-twice')).toMatch(/another gate calls itself north.*give one of the two another name/);
  });

  test('that are both connected are noticed as soon as the other one writes, and the other one is made to notice it, too', () => {
    connected();
    clock.advance(AWHILE);
    watch.receive(other());
    expect(kinds()).toEqual(['name-twice']);
    watch.minute();
    watch.minute();
    expect(contests).toBe(1);
  });

  test('one of an earlier release, which gives no instance, is noticed too', () => {
    connected();
    clock.advance(AWHILE);
    watch.receive(info(undefined));
    expect(kinds()).toEqual(['name-twice']);
  });

  test('of which the broker tells (MQTT 5) are noticed at once', () => {
    connected();
    clock.advance(AWHILE);
    watch.down(TAKEN_OVER);
    expect(kinds()).toEqual(['name-twice']);
  });

  test('are forgotten ten minutes after the other one was last seen', () => {
    connected();
    clock.advance(AWHILE);
    watch.receive(other());
    clock.advance(599_999);
    watch.minute();
    expect(kinds()).toEqual(['name-twice']);
    clock.advance(1);
    watch.minute();
    expect(kinds()).toEqual([]);
  });

  test('are not: an earlier run of this gate, whatever the broker still has of it, and a gate that this one replaces', () => {
    connected(earlierRun());
    connected(earlierRun());
    connected(earlierRun());
    clock.advance(AWHILE);
    watch.receive(earlierRun());
    expect(kinds()).not.toContain('name-twice');
  });

  test('is not: the machine that this one replaces, which the broker has until this one has written', () => {
    connected(other());
    clock.advance(4_999);
    // A cluster may deliver what it had kept after what was sent meanwhile.
    watch.receive(other());
    watch.down('the connection was closed');
    connected(left());
    expect(kinds()).toEqual([]);
  });
});

describe('a broker that loses what it was to keep', () => {
  test('is told once, and stands in the state for ten minutes', () => {
    connected();
    clock.advance(AWHILE);
    watch.down('the broker was killed');
    connected();
    clock.advance(5_000);
    expect([kinds(), forgot]).toEqual([['broker-forgot'], 1]);
    watch.receive(own());
    clock.advance(600_000);
    watch.minute();
    expect([kinds(), forgot]).toEqual([[], 1]);
  });

  test('is none where this gate was never heard before, and where all is still there', () => {
    connected();
    clock.advance(AWHILE);
    const before = left();
    watch.down('cut');
    connected(before);
    clock.advance(AWHILE);
    expect([kinds(), forgot]).toEqual([[], 0]);
  });

  test('is one that has only what it saved before this run', () => {
    connected(earlierRun());
    clock.advance(AWHILE);
    watch.down('the broker was killed');
    connected(earlierRun());
    clock.advance(5_000);
    expect(kinds()).toEqual(['broker-forgot']);
  });

  test('is none that only delivers late', () => {
    connected();
    clock.advance(AWHILE);
    const before = left();
    watch.down('cut');
    connected();
    clock.advance(4_999);
    watch.receive(before);
    clock.advance(AWHILE);
    expect([kinds(), forgot]).toEqual([[], 0]);
  });
});

test('what is published and does not come back is a problem after 15 seconds, until it does', () => {
  watch.up(undefined);
  watch.published(own().toString());
  clock.advance(14_999);
  expect(kinds()).toEqual([]);
  clock.advance(1);
  expect(problems.get('broker-unheard')).toMatch(/access list/);
  watch.receive(own());
  expect(kinds()).toEqual([]);
});

test('a broker that takes no photo is a problem from the greeting on; one that takes them is none', () => {
  watch.up(1_000_000);
  expect(problems.get('broker-small')).toMatch(/1000000 bytes.*max_packet_size 8454144/);
  watch.down('cut');
  watch.up(9_000_000);
  expect(kinds()).toEqual([]);
});

test('connections that end soon, again and again, are a problem until one lasts', () => {
  for (let i = 0; i < 4; i++) {
    expect(kinds()).toEqual([]);
    watch.up(undefined);
    clock.advance(3_000);
    watch.down('the connection was closed');
  }
  expect(problems.get('broker-unsteady')).toMatch(/the connection was closed.*mqtt\.clientId/);
  watch.up(undefined);
  clock.advance(60_000);
  watch.minute();
  expect(kinds()).toEqual([]);
});

test('connections that last are none, however often they end', () => {
  for (let i = 0; i < 20; i++) {
    watch.up(undefined);
    clock.advance(60_000);
    watch.down('cut');
  }
  expect(kinds()).toEqual([]);
});

test('after the stop nothing is said any more', () => {
  connected();
  watch.down('killed');
  connected();
  watch.stop();
  clock.advance(AWHILE);
  expect([kinds(), forgot]).toEqual([[], 0]);
});

test('rubbish in place of the own info is ignored', () => {
  connected();
  clock.advance(AWHILE);
  for (const text of ['', '{', '[]', '{"instance":7}', 'x'.repeat(20_000)]) watch.receive(Buffer.from(text));
  expect(kinds()).toEqual([]);
});

describe('where the site has keys', () => {
  /** What the reader makes of the next message. */
  let worth: HeardInfo['worth'];
  beforeEach(() => {
    worth = 'counts';
    const reader = new InfoReader({
      site: 'home',
      keyring: undefined,
      monotonic: () => clock.monotonic(),
      now: () => undefined,
    });
    const read = (gate: string, payload: Uint8Array) => {
      const heard = reader.read(gate, payload);
      return heard && { ...heard, worth };
    };
    watch = new BrokerWatch({ ...parts(), infos: { read } });
  });

  test.each(['unsigned', 'old'] as const)(
    'an own message that is %s for this gate itself is known when it comes back',
    (own) => {
      worth = own;
      connected();
      clock.advance(AWHILE);
      watch.receive(info({ ...watch.instance }));
      watch.minute();
      expect([kinds(), contests]).toEqual([[], 0]);
    },
  );

  test('one that bears the instance of this gate, and that it has neither signed nor published, is told and contested', () => {
    connected();
    clock.advance(AWHILE);
    worth = 'unsigned';
    watch.receive(Buffer.from(JSON.stringify({ version: '9', people, instance: watch.instance })));
    watch.minute();
    expect([kinds(), contests]).toEqual([['info-forged'], 1]);
  });

  test('one that bears the instance of this gate does not pass for what must come back', () => {
    watch.up(undefined);
    watch.published(own().toString());
    worth = 'unsigned';
    watch.receive(Buffer.from(JSON.stringify({ version: '9', people, instance: watch.instance })));
    clock.advance(15_000);
    expect(kinds()).toEqual(['broker-unheard']);
  });
});
