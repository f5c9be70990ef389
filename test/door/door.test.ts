import { describe, expect, test } from 'vitest';
import { DOOR_AT_START, type DoorEffect, isReleased, stateOf } from '../../src/door/door.js';
import { step } from '../../src/door/door-step.js';
import {
  at,
  broken,
  doorAfter,
  doorCloses,
  doorOpens,
  fire,
  fireOff,
  grant,
  type Happening,
  lock,
  mode,
  open,
  RULE,
  rex,
  stop,
  tamper,
  wake,
} from './given.js';

type Story = readonly (readonly [number, Happening])[];
/** Each door as it is at second 100. */
const DOORS: Readonly<Record<string, Story>> = {
  locked: [[0, doorCloses]],
  unlocked: [[99_000, grant]],
  leaving: [[99_000, rex]],
  open: [
    [99_000, grant],
    [99_500, doorOpens],
  ],
  ajar: [
    [90_000, grant],
    [90_500, doorOpens],
    [93_000, wake('pulse')],
  ],
  held: [
    [70_000, grant],
    [70_500, doorOpens],
    [73_000, wake('pulse')],
    [95_000, wake('held')],
  ],
  forced: [[99_000, doorOpens]],
  lockdown: [[99_000, mode('locked')]],
  'open house': [[99_000, mode('open-house')]],
  fire: [[99_000, fire]],
  fault: [[99_900, broken]],
  stopped: [[99_000, stop]],
};
const EVENTS: readonly Happening[] = [
  ...[grant, open, lock, mode('normal'), mode('locked'), mode('open-house'), rex],
  ...[doorOpens, doorCloses, tamper, fire, fireOff, wake('pulse'), broken, stop],
];
/** The specification: the state of each door after each event; `*` where the bolt is released. */
const TABLE = `
           | grant      | open       | lock       | normal     | locked     | house      | rex        | opens    | closes     | tamper     | fire       | fire off   | wake       | broken  | stop
locked     | unlocked * | unlocked * | locked     | locked     | locked     | unlocked * | unlocked * | forced   | locked     | locked     | unlocked * | locked     | locked     | fault   | stopped
unlocked   | unlocked * | unlocked * | locked     | unlocked * | locked     | unlocked * | unlocked * | open *   | unlocked * | unlocked * | unlocked * | unlocked * | unlocked * | fault   | stopped
leaving    | unlocked * | unlocked * | unlocked * | unlocked * | unlocked * | unlocked * | unlocked * | open *   | unlocked * | unlocked * | unlocked * | unlocked * | unlocked * | fault * | stopped
open       | open *     | open *     | open       | open *     | open       | open *     | open *     | open *   | locked     | open *     | open *     | open *     | open *     | fault   | stopped
ajar       | open *     | open *     | open       | open       | open       | open *     | open *     | open     | locked     | open       | open *     | open       | open       | fault   | stopped
held       | held *     | held *     | held       | held       | held       | open *     | held *     | held     | locked     | held       | open *     | held       | held       | fault   | stopped
forced     | forced *   | forced *   | forced     | forced     | forced     | open *     | forced *   | forced   | locked     | forced     | open *     | forced     | forced     | fault   | stopped
lockdown   | locked     | locked     | locked     | locked     | locked     | unlocked * | unlocked * | forced   | locked     | locked     | unlocked * | locked     | locked     | fault   | stopped
open house | unlocked * | unlocked * | locked     | locked     | locked     | unlocked * | unlocked * | open *   | unlocked * | unlocked * | unlocked * | unlocked * | unlocked * | fault   | stopped
fire       | unlocked * | unlocked * | unlocked * | unlocked * | unlocked * | unlocked * | unlocked * | open *   | unlocked * | unlocked * | unlocked * | locked     | unlocked * | fault * | stopped *
fault      | fault      | fault      | fault      | fault      | fault      | fault      | fault *    | fault    | fault      | fault      | fault *    | fault      | fault      | fault   | stopped
stopped    | stopped    | stopped    | stopped    | stopped    | stopped    | stopped    | stopped    | stopped  | stopped    | stopped    | stopped    | stopped    | stopped    | stopped | stopped
`;
const [head, ...rows] = TABLE.trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));
const cells = rows.flatMap(([from, ...after]) =>
  after.map((expected, i) => [from ?? '', head?.at(i - after.length) ?? '', expected, EVENTS[i] as Happening] as const),
);

describe('the door, by state and event', () => {
  test('the table names every door and every event', () => {
    expect(rows.map(([from]) => from)).toEqual(Object.keys(DOORS));
    expect(cells).toHaveLength(Object.keys(DOORS).length * EVENTS.length);
  });

  test.each(cells)('%s, then %s: %s', (from, _event, expected, happening) => {
    const before = doorAfter([[0, doorCloses], ...(DOORS[from] ?? [])]);
    const { door, effects } = step(before, at(100_000, happening), RULE);
    expect(`${stateOf(door)}${isReleased(door) ? ' *' : ''}`).toBe(expected);
    // When the bolt moves in the state it moves at the relay.
    const driven = effects.findLast((effect) => effect.kind === 'drive');
    if (isReleased(before) !== isReleased(door)) expect(driven).toEqual({ kind: 'drive', released: isReleased(door) });
    else if (driven) expect(driven.released).toBe(isReleased(door));
  });
});

/** The effects of the last happening of a story. */
function last(story: Story, rule = RULE): readonly DoorEffect[] {
  const [ms, happening] = story.at(-1) as Story[number];
  return step(doorAfter(story.slice(0, -1), rule), at(ms, happening), rule).effects;
}
const reports = (story: Story, rule = RULE) =>
  last(story, rule).flatMap((effect) => (effect.kind === 'report' ? [effect.report] : []));
const stateAfter = (story: Story, rule = RULE) => stateOf(doorAfter(story, rule));
const closed: Story = [[0, doorCloses]];

describe('a pulse', () => {
  test('its end is armed before the bolt is released', () => {
    expect(last([...closed, [100, grant]]).slice(0, 2)).toEqual([
      { kind: 'arm', timer: 'pulse', afterMs: 3000 },
      { kind: 'drive', released: true },
    ]);
  });

  test('a second grant lengthens it, to a whole pulse from then', () => {
    expect(
      last([
        [100, grant],
        [2000, grant],
      ]),
    ).toContainEqual({ kind: 'arm', timer: 'pulse', afterMs: 3000 });
  });

  test('a timer that rings early is armed for the rest, and moves no bolt', () => {
    const effects = last([
      [100, grant],
      [3000, wake('pulse')],
    ]);
    expect(effects).toEqual([{ kind: 'arm', timer: 'pulse', afterMs: 100 }]);
  });

  test('a pulse whose timer is late ends with the next event, whatever that is', () => {
    const effects = last([
      [100, grant],
      [9000, tamper],
    ]);
    expect(effects).toContainEqual({ kind: 'drive', released: false });
  });

  test('locking still lets people out who pressed the exit button, and ends what a face began', () => {
    const story: Story = [
      [0, grant],
      [1000, rex],
      [2000, grant],
    ];
    expect(last([...story, [2500, lock]])).toContainEqual({ kind: 'arm', timer: 'pulse', afterMs: 1500 });
    expect(stateAfter([...story, [2500, lock], [4000, wake('pulse')]])).toBe('locked');
  });

  test('with relockOnClose the door locks behind the first person, without it when the pulse ends', () => {
    const story: Story = [...closed, [100, grant], [500, doorOpens], [1000, doorCloses]];
    expect(stateAfter(story)).toBe('locked');
    expect(stateAfter(story, { ...RULE, relockOnClose: false })).toBe('unlocked');
  });

  test('a person who is let in while the door still stands open has not passed yet when it closes', () => {
    const story: Story = [...closed, [100, grant], [500, doorOpens], [800, grant], [1000, doorCloses]];
    expect(stateAfter(story)).toBe('unlocked');
  });
});

describe('alarms', () => {
  const held: Story = [...closed, [0, grant], [1000, doorOpens], [3000, wake('pulse')], [21_000, wake('held')]];

  test('a door held open is reported, reported again, and reported when it is closed', () => {
    expect(reports(held)).toContainEqual({ type: 'held-open', phase: 'begins', openMs: 20_000, times: 1, level: 1 });
    const again: Story = [...held, [31_000, wake('alarm')]];
    expect(reports(again)).toEqual([{ type: 'held-open', phase: 'goes-on', openMs: 30_000, times: 2, level: 1 }]);
    const over = reports([...again, [33_000, doorCloses]]);
    expect(over).toContainEqual({ type: 'held-open', phase: 'ends', openMs: 32_000, times: 2, level: 1 });
  });

  test('the buzzer sounds during an alarm', () => {
    expect(last(held)).toContainEqual({ kind: 'show', green: false, red: true, buzzer: 'tone' });
    expect(last([...held, [22_000, doorCloses]])).toContainEqual({
      kind: 'show',
      green: false,
      red: true,
      buzzer: 'off',
    });
  });

  test('people who hold the door are warned first, and the warning ends when it closes or with another grant', () => {
    const warned: Story = [...closed, [0, grant], [1000, doorOpens], [3000, wake('pulse')], [16_000, wake('warning')]];
    expect(last(warned.slice(0, 3))).toContainEqual({ kind: 'arm', timer: 'warning', afterMs: 15_000 });
    expect(stateAfter(warned)).toBe('open');
    expect(reports(warned)).toEqual([{ type: 'held-warning', active: true, openMs: 15_000 }]);
    expect(last(warned)).toContainEqual({ kind: 'show', green: false, red: true, buzzer: 'beeps' });
    for (const end of [doorCloses, grant]) {
      const story: Story = [...warned, [18_000, end]];
      expect(reports(story)).toContainEqual({ type: 'held-warning', active: false, openMs: 17_000 });
      expect(last(story)).toContainEqual(expect.objectContaining({ kind: 'show', buzzer: 'off' }));
    }
    // It becomes the alarm, and does not end before.
    expect(reports([...warned, [21_000, wake('held')]]).map(({ type }) => type)).toEqual(['held-open', 'door']);
    expect(last(warned.slice(0, 3), { ...RULE, heldWarningMs: 0 })).not.toContainEqual(
      expect.objectContaining({ timer: 'warning' }),
    );
  });

  test('an alarm that lasts is escalated once, and reported again as before', () => {
    const lasting: Story = [...held, [31_000, wake('alarm')], [41_000, wake('alarm')], [46_000, wake('escalation')]];
    expect(reports(lasting)).toEqual([{ type: 'held-open', phase: 'escalates', openMs: 45_000, times: 4, level: 2 }]);
    const again: Story = [...lasting, [56_000, wake('alarm')]];
    expect(reports(again)).toEqual([{ type: 'held-open', phase: 'goes-on', openMs: 55_000, times: 5, level: 2 }]);
    expect(reports([...again, [60_000, doorCloses]])).toContainEqual(
      expect.objectContaining({ phase: 'ends', level: 2 }),
    );
    const never = { ...RULE, escalateMs: 0 };
    expect(reports([...held, [900_000, wake('alarm')]], never)).toMatchObject([{ phase: 'goes-on', level: 1 }]);
    const forced: Story = [...closed, [9000, doorOpens], [34_000, wake('escalation')]];
    expect(reports(forced)).toMatchObject([{ type: 'forced', phase: 'escalates', level: 2 }]);
  });

  test('another grant at the open door starts its time again', () => {
    expect(stateAfter([...closed, [0, grant], [1000, doorOpens], [20_000, grant], [21_000, wake('held')]])).toBe(
      'open',
    );
  });

  test('an opening right after the pulse is not forced, one later is', () => {
    const ended: Story = [...closed, [0, grant], [3000, wake('pulse')]];
    expect(stateAfter([...ended, [4000, doorOpens]])).toBe('open');
    expect(stateAfter([...ended, [4001, doorOpens]])).toBe('forced');
    expect(reports([...ended, [4001, doorOpens]])).toContainEqual({
      type: 'forced',
      phase: 'begins',
      openMs: 0,
      times: 1,
      level: 1,
    });
  });

  test('where a handle lets people out, an opening is no alarm', () => {
    expect(stateAfter([...closed, [9000, doorOpens]], { ...RULE, forcedAlarm: false })).toBe('open');
  });

  test('a door that stands open when the daemon starts is not forced, and counts as held after its time', () => {
    expect(stateAfter([[0, doorOpens]])).toBe('open');
    expect(
      stateAfter([
        [0, doorOpens],
        [20_000, wake('held')],
      ]),
    ).toBe('held');
  });

  test('in a fire and in open house an open door is no alarm; afterwards its time starts again', () => {
    for (const [begin, end] of [
      [fire, fireOff],
      [mode('open-house'), mode('normal')],
    ] as const) {
      const story: Story = [...held, [22_000, begin]];
      expect(reports(story)).toContainEqual({ type: 'held-open', phase: 'ends', openMs: 21_000, times: 1, level: 1 });
      expect(stateAfter([...story, [90_000, wake('held')]])).toBe('open');
      expect(stateAfter([...story, [90_000, end], [109_999, wake('held')]])).toBe('open');
      expect(stateAfter([...story, [90_000, end], [110_000, wake('held')]])).toBe('held');
    }
  });

  test('tampering sounds the buzzer and leaves the bolt alone', () => {
    const effects = last([[0, tamper]]);
    expect(effects).toContainEqual({ kind: 'report', report: { type: 'tamper', active: true } });
    expect(effects).toContainEqual({ kind: 'show', green: false, red: true, buzzer: 'tone' });
    expect(effects.some(({ kind }) => kind === 'drive')).toBe(false);
  });
});

describe('fire, mode and faults', () => {
  test.each(['normal', 'locked', 'open-house'] as const)('after a fire the mode is %s as before', (before) => {
    const story: Story = [
      [0, mode(before)],
      [1000, fire],
      [9000, fireOff],
    ];
    expect(doorAfter(story).mode).toBe(before);
    expect(isReleased(doorAfter(story))).toBe(before === 'open-house');
  });

  test('a mode ordered during a fire holds after it', () => {
    expect(
      doorAfter([
        [0, fire],
        [1, mode('locked')],
        [2, fireOff],
      ]),
    ).toMatchObject({ mode: 'locked', fire: false });
    expect(
      isReleased(
        doorAfter([
          [0, fire],
          [1, mode('locked')],
        ]),
      ),
    ).toBe(true);
  });

  test('a relay that did not obey is driven again at every retry, for ever', () => {
    const story: Story = [
      [0, grant],
      [10, broken],
      [510, wake('retry')],
    ];
    expect(last(story)).toEqual([
      { kind: 'arm', timer: 'retry', afterMs: 500 },
      { kind: 'drive', released: false },
    ]);
    expect(last([...story, [1010, wake('retry')]])).toEqual(last(story));
  });

  test('a relay out of order is still driven to release for people who leave, and to lock after the pulse', () => {
    const story: Story = [
      [0, broken],
      [100, rex],
    ];
    expect(last(story)).toContainEqual({ kind: 'drive', released: true });
    expect(last([...story, [3100, wake('pulse')]])).toContainEqual({ kind: 'drive', released: false });
  });

  test('in a fire stopping leaves the door released, and what is left behind is said at its begin and end, after the relay', () => {
    expect(last([...closed, [0, fire], [30, stop]])).toContainEqual({ kind: 'drive', released: true });
    const moved = (effects: readonly DoorEffect[]) =>
      effects.filter(({ kind }) => kind === 'drive' || kind === 'leave');
    for (const [happening, released] of [
      [fire, true],
      [fireOff, false],
    ] as const)
      expect(
        moved(
          last([
            [0, released ? fireOff : fire],
            [1, happening],
          ]),
        ),
      ).toEqual([
        { kind: 'drive', released },
        { kind: 'leave', released },
      ]);
    expect(
      moved(
        last([
          [0, fire],
          [1, fire],
        ]),
      ),
    ).toEqual([{ kind: 'drive', released: true }]);
  });

  test('stopping locks the door, puts the lamps out and cancels every timer', () => {
    const effects = last([...closed, [0, rex], [20, broken], [30, stop]]);
    expect(effects.filter(({ kind }) => kind === 'cancel')).toHaveLength(2);
    expect(effects).toContainEqual({ kind: 'drive', released: false });
    expect(effects).toContainEqual({ kind: 'show', green: false, red: false, buzzer: 'off' });
    expect(
      last([
        [0, stop],
        [1, stop],
      ]),
    ).toEqual([{ kind: 'drive', released: false }]);
  });

  test('the door reports what moved it, with the token of the grant and nothing else', () => {
    expect(reports([[0, { kind: 'grant', token: 'track-7' }]])).toEqual([
      { type: 'door', state: 'unlocked', mode: 'normal', cause: 'grant', token: 'track-7' },
    ]);
    expect(reports([[0, rex]])[0]).toEqual({ type: 'exit' });
    expect(reports([[0, mode('locked')]])).toEqual([{ type: 'mode', mode: 'locked', before: 'normal' }]);
  });

  test('a refused grant changes nothing at all', () => {
    const shut = doorAfter([[0, mode('locked')]]);
    expect(step(shut, at(10, grant), RULE)).toEqual({ door: shut, effects: [] });
    expect(step(DOOR_AT_START, at(10, fireOff), RULE).door).toEqual(DOOR_AT_START);
  });
});
