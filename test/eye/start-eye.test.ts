import { expect, test, vi } from 'vitest';
import { NOBODY_LISTENS } from '../../src/eye/eye-status.js';
import { EyeStart } from '../../src/eye/start-eye.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';

function starting(answers: (string | undefined)[]) {
  const clock = new ManualClock();
  const eye = { start: vi.fn(), stop: vi.fn(), hold: vi.fn() };
  const whyBlind = vi.fn(() => Promise.resolve(answers.length > 1 ? answers.shift() : answers[0]));
  return {
    clock,
    eye,
    whyBlind,
    start: new EyeStart({ eye, listeners: NOBODY_LISTENS, whyBlind, clock, log: silentLog }),
  };
}

test('an eye that nothing stands against is started at once', async () => {
  const { eye, start } = starting([undefined]);
  await start.look();
  expect([eye.start.mock.calls.length, eye.hold.mock.calls.length]).toEqual([1, 0]);
});

test('an eye that lacks a network is started, once, when it is there, without a restart of the gate', async () => {
  const { eye, start, clock, whyBlind } = starting(['no encoder', 'no encoder', undefined]);
  await start.look();
  expect(eye.hold).toHaveBeenLastCalledWith('no encoder', NOBODY_LISTENS);
  for (let s = 0; s < 3600; s++) {
    clock.advance(1000);
    await Promise.resolve();
    await Promise.resolve();
  }
  expect([eye.start.mock.calls.length, eye.hold.mock.calls.length, whyBlind.mock.calls.length]).toEqual([1, 2, 3]);
});

test('after the stop nothing is started', async () => {
  const { eye, start, clock } = starting(['no encoder', undefined]);
  await start.look();
  start.stop();
  clock.advance(3_600_000);
  await new Promise(setImmediate);
  expect([eye.start.mock.calls.length, eye.stop.mock.calls.length]).toEqual([0, 1]);
});

test('a disk that does not answer holds up nobody: the gate goes on, and the eye starts when it has answered', async () => {
  const clock = new ManualClock();
  const eye = { start: vi.fn(), stop: vi.fn(), hold: vi.fn() };
  let answer: (why: string | undefined) => void = () => undefined;
  const whyBlind = () =>
    new Promise<string | undefined>((resolve) => {
      answer = resolve;
    });
  const start = new EyeStart({ eye, listeners: NOBODY_LISTENS, whyBlind, clock, log: silentLog });
  const looked = start.look();
  clock.advance(10_000);
  await looked;
  expect(eye.hold).toHaveBeenLastCalledWith(expect.stringMatching(/networks are still being read/), NOBODY_LISTENS);
  expect(eye.start).not.toHaveBeenCalled();
  answer(undefined);
  await new Promise(setImmediate);
  expect(eye.start).toHaveBeenCalledTimes(1);
});
