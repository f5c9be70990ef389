import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wallMs } from '../../src/kit/clock.js';
import { versionSchema } from '../../src/person/person.js';
import { compareVersions, FUTURE_MAX_MS, isFuture, nextVersion, versionMs } from '../../src/person/version.js';

const node = fc.stringMatching(/^[a-z0-9_-]{1,32}$/);
// Clocks that jump: 1970, today, far ahead, and everything between.
const wall = fc.oneof(fc.integer({ min: -1e6, max: 4e12 }), fc.constantFrom(0, 1_700_000_000_000)).map(wallMs);

describe('versions of person records', () => {
  test('each is newer than all earlier ones, whatever the clocks of the gates do', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(wall, node), { minLength: 2, maxLength: 50 }), (changes) => {
        let latest: string | null = null;
        for (const [now, at] of changes) {
          const next: string = nextVersion(latest, now, at);
          expect(versionSchema.safeParse(next).success).toBe(true);
          if (latest !== null) expect(compareVersions(next, latest)).toBeGreaterThan(0);
          latest = next;
        }
      }),
    );
  });

  test('carry the time of the clock when it is ahead of the latest version', () => {
    expect(nextVersion(null, wallMs(1_700_000_000_000), 'north')).toBe('1700000000000-0000-north');
    expect(nextVersion('1700000000000-00ff-a', wallMs(1_700_000_000_001), 'north')).toBe('1700000000001-0000-north');
  });

  test('count on when the clock stands still or went back', () => {
    expect(nextVersion('1700000000000-0009-zebra', wallMs(1_700_000_000_000), 'a')).toBe('1700000000000-000a-a');
    expect(nextVersion('1700000000000-00ff-zebra', wallMs(0), 'a')).toBe('1700000000000-0100-a');
  });

  test('a counter that is used up rolls into the next millisecond', () => {
    expect(nextVersion('1700000000000-ffff-z', wallMs(0), 'a')).toBe('1700000000001-0000-a');
  });

  test('there is no version after the last that 13 digits can hold', () => {
    expect(() => nextVersion('9999999999999-ffff-z', wallMs(0), 'a')).toThrow(RangeError);
  });

  test('sort by time first, then counter, then gate', () => {
    fc.assert(
      fc.property(
        fc.tuple(wall, fc.nat(0xffff), node),
        fc.tuple(wall, fc.nat(0xffff), node),
        ([ms1, count1, node1], [ms2, count2, node2]) => {
          const text = (ms: number, count: number, at: string) =>
            `${String(Math.max(0, ms)).padStart(13, '0')}-${count.toString(16).padStart(4, '0')}-${at}`;
          const [a, b] = [text(ms1, count1, node1), text(ms2, count2, node2)];
          expect(compareVersions(a, b)).toBe(-compareVersions(b, a) + 0);
          const byTime = Math.max(0, ms1) - Math.max(0, ms2) || count1 - count2;
          if (byTime !== 0) expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(byTime));
          expect(versionMs(a)).toBe(Math.max(0, ms1));
        },
      ),
    );
  });

  test('more than five minutes ahead count as from the future', () => {
    const now = wallMs(1_700_000_000_000);
    expect(isFuture(nextVersion(null, wallMs(now + FUTURE_MAX_MS), 'a'), now)).toBe(false);
    expect(isFuture(nextVersion(null, wallMs(now + FUTURE_MAX_MS + 1), 'a'), now)).toBe(true);
  });
});
