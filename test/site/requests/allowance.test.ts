import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MonotonicMs, monotonicMs } from '../../../src/kit/clock.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { Allowance } from '../../../src/site/requests/allowance.js';
import { RequestLimits } from '../../../src/site/requests/request-limits.js';
import { SEEN_BOUNDS, SeenRequests } from '../../../src/site/requests/seen-requests.js';

const at = (ms: number): MonotonicMs => monotonicMs(ms);

describe('what a name has left', () => {
  test('a burst, then so many a second, and when there is one again', () => {
    const allowance = new Allowance({ burst: 3, perSecond: 2 });
    const taken = () => allowance.take('ada', at(1000));
    expect([taken(), taken(), taken(), taken()]).toEqual([0, 0, 0, 500]);
    expect(allowance.take('bob', at(1000))).toBe(0);
    expect(allowance.take('ada', at(1250))).toBe(250);
    expect(allowance.take('ada', at(1500))).toBe(0);
    expect(allowance.take('ada', at(60_000))).toBe(0);
  });

  test('never more than the burst and what has come since, in any window and for any name', () => {
    const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(400)), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (all) => {
        const allowance = new Allowance({ burst: 5, perSecond: 4 });
        const taken = new Map<number, number[]>();
        let now = 0;
        for (const [name, ms] of all) {
          now += ms;
          if (allowance.take(String(name), at(now)) > 0) continue;
          const times = [...(taken.get(name) ?? []), now];
          taken.set(name, times);
          for (const [i, from] of times.entries())
            expect(times.length - i).toBeLessThanOrEqual(5 + ((now - from) / 1000) * 4 + 1e-6);
        }
      }),
    );
  });

  test('names without end share one allowance, and those known keep theirs', () => {
    const allowance = new Allowance({ burst: 2, perSecond: 0.001 });
    allowance.take('ada', at(0));
    let taken = 0;
    for (let n = 0; n < 10_000; n++) if (allowance.take(`made up ${n}`, at(0)) === 0) taken++;
    expect(taken).toBeLessThan(520);
    expect(allowance.take('ada', at(0))).toBe(0);
  });
});

describe('limits of requests', () => {
  test('whoever asks a gate too much keeps neither others nor the own lock and removal out', () => {
    const limits = new RequestLimits(new ManualClock());
    for (const verb of ['enroll', 'people', 'open', 'made-up'])
      for (let n = 0; n < 5_000; n++) limits.request('by:mallory', verb);
    const waits = (client: string, verb: string) => limits.request(client, verb) > 0;
    expect(['enroll', 'people', 'open', 'other'].map((verb) => waits('by:mallory', verb))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['lock', 'mode', 'remove'].map((verb) => waits('by:mallory', verb))).toEqual([false, false, false]);
    expect(['enroll', 'people', 'open', 'made-up'].map((verb) => waits('by:office', verb))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  test('refusals of rubbish are answered up to a bound; those of safety verbs have one of their own', () => {
    const limits = new RequestLimits(new ManualClock());
    let answered = 0;
    for (let n = 0; n < 10_000; n++) if (limits.refusal('none', `by:${n % 50}`, 'people')) answered++;
    expect(answered).toBe(2_000);
    expect(limits.refusal('none', 'by:office', 'open')).toBe(true);
  });
});

describe('ids that are remembered', () => {
  const NOW = 1_800_000_000_000;
  const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const admit = (seen: SeenRequests, n: number, client: string, safety: boolean, lifeMs = 300_000) =>
    seen.admit(idOf(n), NOW + lifeMs, NOW, true, { client, safety });

  test('one client with long lives fills the own share only, and no client the room of safety verbs', () => {
    const seen = new SeenRequests();
    let n = 0;
    const fill = (client: string, safety: boolean) => {
      const before = n;
      while (admit(seen, n, client, safety) === 'new') n++;
      return n - before;
    };
    expect(fill('by:mallory', false)).toBe(SEEN_BOUNDS.client);
    expect(admit(seen, n++, 'by:office', false)).toBe('new');
    fill('by:eve', false);
    expect(admit(seen, n++, 'by:office', false)).toBe('full');
    expect(admit(seen, n++, 'by:mallory', true)).toBe('new');
    expect(fill('by:mallory', true)).toBe(SEEN_BOUNDS.client - 1);
    expect(admit(seen, n++, 'by:office', true)).toBe('new');
    expect(seen.size).toBeLessThanOrEqual(SEEN_BOUNDS.max);
  });

  test('what has expired makes room for its client again', () => {
    const seen = new SeenRequests([], { max: 10, tidyFrom: 10, safety: 4, client: 3 });
    for (let n = 0; n < 3; n++) expect(admit(seen, n, 'by:office', false, 1_000)).toBe('new');
    expect(admit(seen, 3, 'by:office', false)).toBe('full');
    expect(seen.admit(idOf(4), NOW + 300_000, NOW + 1_000, true, { client: 'by:office', safety: false })).toBe('new');
    expect(seen.size).toBe(1);
  });
});
