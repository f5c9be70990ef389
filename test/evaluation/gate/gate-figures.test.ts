import { describe, expect, test } from 'vitest';
import type { JudgedApproach } from '../../../src/evaluation/gate/approaches.js';
import { gateFigures, ruleOfThree, spreadOf } from '../../../src/evaluation/gate/gate-figures.js';
import { gateRemarks, gateRows, outcomeOf, timesTable } from '../../../src/evaluation/gate/gate-report.js';

const ENROLLED = new Set(['ada', 'bob']);
const came = (person: string, change: Partial<JudgedApproach> = {}): JudgedApproach => ({
  name: `${person}.mp4`,
  kind: 'live',
  person,
  timed: true,
  frames: 20,
  inARow: 20,
  grants: [],
  refusedAfter: null,
  reason: 'nobody',
  ...change,
});
const letIn = (person: string, as: string, seconds: number) =>
  came(person, { grants: [{ person: as, seconds, frames: Math.round(8 * seconds) + 1 }], reason: null });
const figures = (groups: Partial<Parameters<typeof gateFigures>[0]>) =>
  gateFigures({ probes: undefined, strangers: undefined, attacks: undefined, ...groups }, 3, ENROLLED);

describe('the figures of whole approaches', () => {
  test('count enrolled people who were not let in, and those taken for another, both over people', () => {
    const { probes } = figures({
      probes: [letIn('ada', 'ada', 1.5), letIn('ada', 'ada', 2), letIn('bob', 'ada', 1), came('bob', { inARow: 2 })],
    });
    expect(probes).toMatchObject({
      fnir: { rate: 0.5, n: 4, people: 2 },
      misidentified: { rate: 0.25, n: 4 },
      tooShort: 1,
      reasons: { nobody: 1 },
      secondsToGrant: { n: 2, median: 1.5, p95: 2 },
      framesToGrant: { n: 2, median: 13, p95: 17 },
    });
    expect(probes?.fnir.low).toBe(0);
    expect(probes?.fnir.high).toBe(1);
  });

  test('say how many were let in by when, of all approaches, refused ones included', () => {
    const all = figures({
      probes: [letIn('ada', 'ada', 0.2), letIn('ada', 'ada', 1.2), letIn('bob', 'bob', 4), came('bob')],
    });
    expect(all.probes?.letInWithin.map(({ seconds, share }) => [seconds, share])).toEqual([
      [0.2, 0.25],
      [0.5, 0.25],
      [1, 0.25],
      [1.5, 0.5],
      [2, 0.5],
      [3, 0.5],
      [5, 0.75],
    ]);
    expect(timesTable(all)?.rows[0]?.at(-1)).toBe('11, 95 of 100 within 33');
    expect(timesTable(figures({ probes: [came('ada')] }))).toBeUndefined();
  });

  test('keep pictures whose times are not known apart from approaches in their own time', () => {
    const all = figures({ probes: [letIn('ada', 'ada', 1), came('bob', { timed: false, inARow: 1 })] });
    expect(all.probes).toMatchObject({ fnir: { rate: 0, n: 1 }, tooShort: 0 });
    expect(all.untimed).toMatchObject({ fnir: { rate: 1, n: 1 }, tooShort: 1 });
    expect(gateRows(all).map(([what]) => what)).toContain('the same by pictures without times (FNIR)');
    expect(figures({ probes: [came('ada')] }).untimed).toBeNull();
  });

  test('a person let in under their own and under another name counts as misidentified, not as missed', () => {
    const both = came('ada', {
      grants: [
        { person: 'bob', seconds: 1, frames: 9 },
        { person: 'ada', seconds: 9, frames: 73 },
      ],
      reason: null,
    });
    expect(figures({ probes: [both] }).probes).toMatchObject({ fnir: { rate: 0 }, misidentified: { rate: 1 } });
    expect(outcomeOf(both)).toBe('let in after 1.0 s as bob, let in after 9.0 s');
  });

  test('count every stranger and attack that opened the door under any name, attacks by kind', () => {
    const print = (person: string, change: Partial<JudgedApproach> = {}) =>
      came(person, { kind: 'print', reason: 'spoof', refusedAfter: 0.5, ...change });
    const { probes, strangers, attacks } = figures({
      strangers: [came('eve'), letIn('mallory', 'ada', 1)],
      attacks: [
        print('ada'),
        print('x'),
        came('bob', { kind: 'replay', grants: [{ person: 'bob', seconds: 2, frames: 17 }] }),
      ],
    });
    expect(probes).toBeNull();
    expect(strangers).toMatchObject({ rate: { rate: 0.5, n: 2, people: 2 }, ofEnrolled: 0 });
    expect(Object.keys(attacks ?? {})).toEqual(['print', 'replay']);
    expect(attacks?.['print']).toMatchObject({
      rate: { rate: 0, low: 0, n: 2 },
      ofEnrolled: 1,
      reasons: { spoof: 2 },
      secondsToRefusal: { n: 2, median: 0.5 },
    });
    expect(attacks?.['replay']).toMatchObject({ rate: { rate: 1 } });
  });

  test('say what a count of no errors proves, and which attacks prove little', () => {
    const all = figures({
      strangers: Array.from({ length: 30 }, (_, i) => came(`s${i}`)),
      attacks: [came('x', { kind: 'print', inARow: 1 })],
    });
    expect(gateRemarks(all)).toEqual([
      'strangers: none of 30 approaches was let in, of 30 that were long enough; by the rule of three, with 30 independent people, the true rate is below 10.0 % with 95 % confidence',
      'print: none of 1 approaches was let in, of 0 that were long enough; 0 people are too few to prove anything',
      'print: 0 of 1 approaches are known to show somebody enrolled; the others may have been refused for that alone',
      '1 approaches have too few frames in a row to be let in at all: they prove nothing',
    ]);
    expect(gateRows(all)[0]).toEqual([
      'strangers let in (FPIR)',
      '0.0 % (0.0 %–11.6 %) of 30 approaches of 30 people',
      '–',
      'nobody 30',
    ]);
  });

  test('the rule of three is three divided by the number of trials, and never above one', () => {
    expect([0, 1, 3, 300].map(ruleOfThree)).toEqual([1, 1, 1, 0.01]);
  });

  test('median and 95th percentile are among the measured times', () => {
    expect(spreadOf([])).toBeNull();
    expect(spreadOf([3, 1, 2])).toEqual({ n: 3, median: 2, p95: 3 });
    expect(spreadOf(Array.from({ length: 100 }, (_, i) => i + 1))).toEqual({ n: 100, median: 50, p95: 95 });
  });
});
