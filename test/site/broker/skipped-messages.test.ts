import { expect, test } from 'vitest';
import { type Log, silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { SkippedMessages } from '../../../src/site/broker/skipped-messages.js';

function watched() {
  const clock = new ManualClock();
  const logged: unknown[] = [];
  const told: (string | undefined)[] = [];
  const log: Log = Object.assign(Object.create(silentLog), { warn: (fields: unknown) => logged.push(fields) });
  const skipped = new SkippedMessages({ clock, log, onProblem: (text) => told.push(text) });
  return { clock, logged, told, skipped };
}
const large = (topic: string) => ({ what: 'message', bytes: 8_600_030, topic }) as const;

test('a flood is told at once, then once a minute with how many they were, in the log and the state', () => {
  const { clock, logged, told, skipped } = watched();
  for (let i = 0; i < 1_000; i++) skipped.skipped(large(`t/${i}`));
  expect(logged).toEqual([{ ...large('t/0'), count: 1 }]);
  expect(told).toEqual([
    expect.stringMatching(/^messages-skipped: a message on t\/0 of 8600030 bytes \(8454144 at most\) was not read/),
  ]);
  clock.advance(60_000);
  skipped.minute();
  expect(logged).toHaveLength(2);
  expect(logged[1]).toEqual({ ...large('t/999'), count: 999 });
  expect(told[1]).toContain('t/999');
});

test('the problem is over ten minutes after the last, and the next is told at once', () => {
  const { clock, told, skipped } = watched();
  skipped.skipped({ what: 'properties', bytes: 20_000, topic: 't' });
  expect(told[0]).toContain('on t with 20000 bytes of properties (16384 at most)');
  clock.advance(9 * 60_000);
  skipped.skipped({ what: 'properties', bytes: 20_000, topic: 't' });
  clock.advance(10 * 60_000 - 1);
  skipped.minute();
  expect(told).toHaveLength(2);
  clock.advance(1);
  skipped.minute();
  expect(told[2]).toBeUndefined();
  skipped.minute();
  expect(told).toHaveLength(3);
  skipped.skipped(large('u'));
  expect(told[3]).toContain('on u of');
});
