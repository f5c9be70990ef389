import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Claim, type EvidenceRule, weigh as weighDated } from '../../src/access/evidence.js';
import { REASONS } from '../../src/access/reasons.js';
import { whyNotValid } from '../../src/access/validity.js';
import { monotonicMs, wallMs } from '../../src/kit/clock.js';
import { means, says } from './sample.js';

const rule = { agree: 3, of: 5 };
const [A, B, N, T] = [means('ada'), means('bob'), says('nobody'), says('low-quality', 'turned away')];

/** Claims of frames 100 ms apart. */
const weigh = (claims: readonly Claim[], any: EvidenceRule) =>
  weighDated(
    claims.map((claim, i) => ({ ...claim, takenMs: monotonicMs(i * 100) })),
    any,
  );

describe('evidence of the last frames', () => {
  test.each<[string, readonly Claim[], string]>([
    ['without frames the reason is no-face', [], 'no-face'],
    ['three of three frames are enough', [A, A, A], 'ada'],
    ['three of five frames are enough', [N, A, N, A, A], 'ada'],
    ['two frames are not enough', [A, A], 'not-enough-frames'],
    ['the newest frame must agree', [A, A, A, A, N], 'not-enough-frames'],
    ['what was longer ago than five frames does not count', [A, A, A, N, N, N, A, A], 'nobody'],
    ['of two people the one in three of five frames, the newest among them, is known', [A, B, A, B, B], 'bob'],
    ['two people in turn are both not known', [A, B, A, B], 'not-enough-frames'],
    ['a person is not known when the newest frame shows another', [A, A, A, A, B], 'not-enough-frames'],
    ['a person who turns the head after they were known stays known', [A, A, A, T, T], 'ada'],
    ['a turned head stays known for no longer than five frames', [A, A, A, T, T, T], 'low-quality'],
    ['a turned head makes nobody known', [A, A, T, T], 'not-enough-frames'],
    ['a person is not known when another and then a turned head come after them', [A, A, A, B, T], 'not-enough-frames'],
    [
      'a person is not known when a stranger and then a turned head come after them',
      [A, A, A, N, T],
      'not-enough-frames',
    ],
  ])('%s', (_rule, claims, expected) => {
    const evidence = weigh(claims, rule);
    expect(evidence.kind === 'person' ? evidence.id : evidence.reason).toBe(expected);
  });

  test('a known person comes with the smallest distance of the frames that agree', () => {
    expect(weigh([means('ada', 0.4), means('ada', 0.2), means('bob', 0.1), means('ada', 0.3)], rule)).toEqual({
      kind: 'person',
      id: 'ada',
      distance: 0.2,
      agreeing: 3,
      takenMs: 300,
    });
  });

  test('a known person comes with the time of the newest frame that showed them, not of turned heads after it', () => {
    expect(weigh([A, A, A, T, T], rule)).toMatchObject({ takenMs: 200 });
  });

  test('without a person the commonest reason is given, with the detail of its last frame', () => {
    const claims = [
      says('low-quality', 'blurred'),
      N,
      says('low-quality', 'too dark'),
      N,
      says('low-quality', 'tilted'),
    ];
    expect(weigh(claims, rule)).toMatchObject({ reason: 'low-quality', detail: 'tilted', settled: true });
    expect(weigh(claims.slice(0, 4), rule)).toMatchObject({ settled: false });
  });

  const claim = fc.oneof(
    fc.constantFrom('ada', 'bob').chain((id) => fc.double({ min: 0, max: 4, noNaN: true }).map((d) => means(id, d))),
    fc.constantFrom(...(Object.keys(REASONS) as (keyof typeof REASONS)[])).map((reason) => says(reason)),
  );
  const rules = fc
    .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 8 }))
    .map(([agree, more]) => ({ agree, of: agree + more }));

  test('a person is known exactly when the newest frame that says anything means them and enough of the last ones do', () => {
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 20 }), rules, (claims, any) => {
        const last = claims.slice(-any.of);
        const newest = last.findLast((one) => one.kind === 'person' || !/^(low-quality|too-small)$/.test(one.reason));
        const id = newest?.kind === 'person' ? newest.id : undefined;
        const enough =
          id !== undefined && last.filter((one) => one.kind === 'person' && one.id === id).length >= any.agree;
        expect(weigh(claims, any)).toMatchObject(enough ? { kind: 'person', id } : { kind: 'none' });
      }),
    );
  });

  test('is monotone: one more frame that agrees never loses a person; a stricter rule never gains one', () => {
    fc.assert(
      fc.property(fc.array(claim, { minLength: 1, maxLength: 20 }), rules, (claims, any) => {
        const before = weigh(claims, any);
        if (before.kind === 'person') {
          const after = weigh([...claims, means(before.id)], any);
          // One frame leaves the window as one enters it; the newest is never the one that leaves unless it is the only one.
          expect(after).toMatchObject({ kind: 'person', id: before.id });
        } else if (any.agree < any.of) expect(weigh(claims, { ...any, agree: any.agree + 1 }).kind).toBe('none');
      }),
    );
  });
});

describe('whether the dates of a person allow them in', () => {
  const [from, until] = ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'];
  test.each([
    ['a person without dates is always allowed', null, null, '2026-01-15T00:00:00.000Z', undefined],
    ['not before the first moment', from, null, '2025-12-31T23:59:59.999Z', 'not-valid-yet'],
    ['from the first moment on', from, null, from, undefined],
    ['still in the last millisecond', null, until, '2026-01-31T23:59:59.999Z', undefined],
    ['no longer at the end', null, until, until, 'expired'],
    ['dates that exclude each other never allow', until, from, '2026-01-15T00:00:00.000Z', 'not-valid-yet'],
  ])('%s', (_rule, validFrom, validUntil, now, reason) => {
    expect(whyNotValid({ validFrom, validUntil }, wallMs(Date.parse(now)))).toBe(reason);
  });
});
