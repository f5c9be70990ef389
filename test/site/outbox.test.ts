import { beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { EVENT_MAX, eventSchema } from '../../src/site/messages.js';
import { Outbox } from '../../src/site/outbox.js';
import { until } from './until.js';

let clock: ManualClock;
let sent: string[];
let problem: string | undefined;
/** What the broker does with the next events. */
let broker: 'takes' | 'refuses' | 'hangs';
let hanging: (() => void)[];

const outbox = (capacity?: number) => {
  const box = new Outbox({
    gate: 'north',
    boot: 'b00t',
    clock,
    log: silentLog,
    ...(capacity === undefined ? {} : { capacity }),
  });
  box.setCarrier({
    publish: async (text) => {
      if (broker === 'refuses') throw new Error('away');
      if (broker === 'hangs') await new Promise<void>((resolve) => hanging.push(resolve));
      sent.push(text);
    },
    onProblem: (text) => {
      problem = text;
    },
  });
  return box;
};
const events = () => sent.map((text) => eventSchema.parse(JSON.parse(text)));

beforeEach(() => {
  clock = new ManualClock();
  sent = [];
  problem = undefined;
  broker = 'takes';
  hanging = [];
});

test('events are numbered and sent in order, also those from before the broker was there', async () => {
  const box = outbox();
  box.add('granted', { person: 'ada', distance: 0.4 });
  box.add('refused', { reason: 'nobody' });
  expect(sent).toEqual([]);
  box.up();
  box.add('opened');
  await box.empty();
  expect(events()).toMatchObject([
    { v: 1, id: 'north-b00t-1', n: 1, type: 'granted', person: 'ada', distance: 0.4, time: '2026-11-24T08:00:00.000Z' },
    { id: 'north-b00t-2', n: 2, type: 'refused', reason: 'nobody' },
    { id: 'north-b00t-3', n: 3, type: 'opened' },
  ]);
});

test('an event leaves the outbox only when the broker has acknowledged it', async () => {
  broker = 'hangs';
  const box = outbox();
  box.up();
  box.add('granted');
  await until('the event is on its way', () => hanging.length === 1);
  expect(box.size).toBe(1);
  hanging[0]?.();
  await box.empty();
  expect(box.size).toBe(0);
});

test('what the broker did not take is sent again later, with the same id', async () => {
  broker = 'refuses';
  const box = outbox();
  box.up();
  box.add('granted');
  await until('the box waits', () => {
    clock.advance(0);
    return box.size === 1;
  });
  broker = 'takes';
  await until('it was sent again', () => {
    clock.advance(1_000);
    return box.size === 0;
  });
  expect(events().map(({ id }) => id)).toEqual(['north-b00t-1']);
});

test('a full outbox drops the oldest events, says how many, and the next event carries the number', async () => {
  const box = outbox(3);
  for (let i = 0; i < 10; i++) box.add('granted');
  expect(box.size).toBe(3);
  expect(problem).toContain('7 events');
  box.up();
  await box.empty();
  expect(events().map(({ n, ['lost']: lost }) => [n, lost])).toEqual([
    [8, 7],
    [9, undefined],
    [10, undefined],
  ]);
  expect(problem).toBeUndefined();
  expect(box.lostTotal).toBe(7);
});

test('an event that is dropped while it is being sent does not remove another one', async () => {
  broker = 'hangs';
  const box = outbox(2);
  box.up();
  box.add('first');
  await until('the first is on its way', () => hanging.length === 1);
  box.add('second');
  box.add('third');
  broker = 'takes';
  hanging[0]?.();
  await box.empty();
  expect(events().map(({ n }) => n)).toEqual([1, 2, 3]);
});

test('an event that is far too large is cut down to its head', async () => {
  const box = outbox();
  box.up();
  box.add('granted', { person: 'x'.repeat(EVENT_MAX) });
  await box.empty();
  expect(events()).toMatchObject([{ n: 1, type: 'granted' }]);
  expect(sent[0]?.length).toBeLessThan(EVENT_MAX);
});
