import { expect, test } from 'vitest';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { Instruments } from '../../src/metrics/instruments.js';
import { LoopDelay } from '../../src/metrics/loop-delay.js';
import { samplesOf } from './samples.js';

test('a delay is shown to all who ask within a minute, and is counted in each case', async () => {
  const [instruments, clock] = [new Instruments(), new ManualClock()];
  const monitor = {
    max: 0,
    enable: () => true,
    disable: () => true,
    reset() {
      monitor.max = 0;
    },
  };
  const delay = new LoopDelay(instruments, clock, monitor);
  monitor.max = 720e6;
  expect(delay.max).toBeCloseTo(0.7);
  expect(delay.max).toBeCloseTo(0.7);
  clock.advance(1_000);
  const samples = samplesOf(await instruments.text());
  expect(samples.get('kaimon_event_loop_delay_seconds_sum')).toBeCloseTo(0.7);
  expect(samples.get('kaimon_event_loop_delay_seconds_count')).toBe(1);
  clock.advance(59_000);
  expect(delay.max).toBeCloseTo(0.7);
  clock.advance(1_000);
  expect(delay.max).toBe(0);
  delay.stop();
  clock.advance(5_000);
  expect(samplesOf(await instruments.text()).get('kaimon_event_loop_delay_seconds_count')).toBe(61);
});
