import { expect, test, vi } from 'vitest';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import type { Link } from '../../src/site/link/link.js';
import { RetainedTopic } from '../../src/site/retained-topic.js';

const turns = () => new Promise((resolve) => setImmediate(resolve));

function topic(publish: (payload: string) => Promise<void>) {
  const clock = new ManualClock();
  const published: string[] = [];
  const link = {
    up: true,
    publish: (_topic: string, payload: string) => {
      published.push(payload);
      return publish(payload);
    },
  };
  const retained = new RetainedTopic('home/state', { link: link as unknown as Link, clock, log: silentLog });
  retained.up();
  return { clock, published, retained };
}

test('after the stop nothing is published: neither a new value, nor at a reconnect', async () => {
  const { clock, published, retained } = topic(async () => undefined);
  retained.set('online');
  await turns();
  retained.stop();
  clock.advance(60_000);
  retained.set('late');
  retained.up();
  clock.advance(60_000);
  await turns();
  expect(published).toEqual(['online']);
});

test('between two connections nothing is published, and afterwards the newest value', async () => {
  const { published, retained } = topic(async () => undefined);
  retained.set('online');
  await turns();
  retained.down();
  retained.set('degraded');
  await turns();
  expect(published).toEqual(['online']);
  retained.up();
  expect(published).toEqual(['online', 'degraded']);
});

test('a value that failed on its way while the topic stopped is not tried again', async () => {
  let fail = (): void => undefined;
  const { clock, published, retained } = topic(
    () =>
      new Promise((_, reject) => {
        fail = () => reject(new Error('cut'));
      }),
  );
  const armed = vi.spyOn(clock, 'after');
  retained.set('online');
  retained.stop();
  fail();
  await turns();
  expect([published, armed.mock.calls]).toEqual([['online'], []]);
});
