import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { AttackAlarm } from '../../src/access/attack-alarm.js';
import { needClock, rulesOf } from '../../src/access/rules.js';
import { type ClockFacts, NEVER_TRUSTED, type TrustedTimes } from '../../src/clock-trust/clock-trust.js';
import { TrustedClock, type TrustedClockParts } from '../../src/clock-trust/trusted-clock.js';
import { TrustedTimesFile } from '../../src/clock-trust/trusted-times-file.js';
import { siteEntryPolicy } from '../../src/gate/entry-policy.js';
import { type Jobs, startJobs } from '../../src/host/jobs.js';
import { wallMs } from '../../src/kit/clock.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import type { Whereabouts } from '../../src/passback/whereabouts.js';
import { followClock } from '../../src/recurring-work.js';
import type { DoorMode } from '../../src/schedule/door-mode.js';
import { type DoorOrder, NO_ORDER } from '../../src/schedule/door-order.js';
import { DoorSchedule } from '../../src/schedule/door-schedule.js';
import { given } from '../config/given.js';
import { someone } from '../person/sample.js';
import { tempFolder } from '../store/sample.js';

/** A Tuesday, eight o'clock in the morning, UTC. */
const TUESDAY_AT_8 = Date.UTC(2026, 10, 24, 8);
const OFFICE = `access:
  timeZone: UTC
  schedules: { office: { windows: [{ days: mon-fri, from: 07:00, to: 18:00 }] } }
  groups: { staff: [office], default: [never] }
  doorModes: [{ mode: open-house, schedule: office }]`;

/** Who is where, as far as the rules ask. */
const NOWHERE = { refuses: () => false, letIn: () => undefined, purge: () => undefined };

let running: { stop(): void } | undefined;
afterEach(() => running?.stop());

/** The trusted clock, the door's schedule, the attack alarm and the entry policy at work together, as in the gate. */
function rulesAtWork(
  text: string,
  facts: Partial<ClockFacts> | (() => Partial<ClockFacts>) = {},
  {
    times = { times: NEVER_TRUSTED, keep: () => undefined },
    order = NO_ORDER,
    startMs = TUESDAY_AT_8,
    whereabouts = NOWHERE,
  }: Partial<Pick<TrustedClockParts, 'times'>> & {
    readonly order?: DoorOrder;
    readonly startMs?: number;
    readonly whereabouts?: typeof NOWHERE | Pick<Whereabouts, 'refuses' | 'letIn' | 'purge'>;
  } = {},
) {
  const clock = new ManualClock(startMs);
  const rules = rulesOf(given(text).config.access);
  const reported: unknown[] = [];
  const orders = {
    order,
    keep(kept: DoorOrder) {
      orders.order = kept;
    },
    keepNow: async (kept: DoorOrder) => orders.keep(kept),
  };
  const setMode = vi.fn((to: DoorMode) => {
    door.mode = to;
  });
  const door = { mode: 'normal' as DoorMode, setMode };
  const readFacts = async () => ({
    synchronisedMs: undefined,
    rtcAgrees: false,
    troubles: [],
    ...(typeof facts === 'function' ? facts() : facts),
  });
  const trustedClock = new TrustedClock({ needs: rules.clock, clock, log: silentLog, readFacts, times });
  trustedClock.onChange((why) => void reported.push(['clock', why]));
  const schedule = new DoorSchedule({ rules, clock, trustedClock, orders, door });
  const attackAlarm = new AttackAlarm({
    rule: rules.attacks,
    clock,
    onReport: (report) => void reported.push(['attack-alarm', report]),
    onChange: () => undefined,
  });
  const entry = siteEntryPolicy({ access: rules.access, clock, trustedClock, attackAlarm, whereabouts });
  let jobs: Jobs | undefined;
  const access = {
    ...entry,
    start() {
      schedule.follow();
      const run = () => followClock({ trustedClock, whereabouts, schedule });
      jobs = startJobs([{ name: 'access', cron: '* * * * *', run }], clock, silentLog);
    },
    stop() {
      jobs?.stop();
      trustedClock.keep();
    },
    wrote: () => trustedClock.keep(),
    problems: () => {
      const distrust = needClock(rules) ? trustedClock.distrust : undefined;
      return [...attackAlarm.problems(), ...(distrust === undefined ? [] : [distrust])];
    },
  };
  running = access;
  /** Resolves when the machine was asked. */
  const started = async () => {
    access.start();
    await vi.waitFor(() =>
      expect(access.problems()).not.toContain('the machine was not yet asked whether its clock is right'),
    );
  };
  const ordered = (to: DoorMode | 'lock') => {
    if (to !== 'lock') door.mode = to;
    void schedule.ordered(to);
  };
  /** What the next minute does. */
  const nextMinute = () => {
    access.stop();
    access.start();
  };
  return { access, clock, reported, setMode, ordered, started, nextMinute, orders };
}
/** An order from before a restart. */
const orderByHand = (mode: DoorMode, atMs: number | null = TUESDAY_AT_8 - 60_000): DoorOrder => ({
  mode,
  by: 'hand',
  atMs: atMs === null ? null : wallMs(atMs),
  atMono: undefined,
});
const synchronised = { synchronisedMs: wallMs(TUESDAY_AT_8 - 60_000) };

describe('the rules of access at work', () => {
  test('without rules everybody may enter at once, whatever the clock; people with dates wait for a trusted clock', async () => {
    const { access, reported, started } = rulesAtWork('', synchronised);
    const dated = someone('bob', [0], { validUntil: '2027-01-01T00:00:00.000Z' });
    expect(access.whyNot(someone('ada', [0]))).toBeUndefined();
    expect(access.whyNot(dated)).toBe('clock');
    await started();
    await vi.waitFor(() => expect(access.whyNot(dated)).toBeUndefined());
    expect(reported).toEqual([['clock', null]]);
  });

  test('hours and groups are obeyed, and a change of mode that was missed is made up for', async () => {
    const { access, clock, setMode, started } = rulesAtWork(OFFICE, synchronised);
    await started();
    expect(access.whyNot(someone('ada', [0], { groups: ['staff'] }))).toBeUndefined();
    expect(access.whyNot(someone('guest', [0]))).toBe('no-access-now');
    await vi.waitFor(() => expect(setMode).toHaveBeenCalledWith('open-house'));
    clock.advance(11 * 3_600_000);
    expect(access.whyNot(someone('ada', [0], { groups: ['staff'] }))).toBe('no-access-now');
  });

  test('a clock that nothing confirms lets in nobody whose access depends on it, begins no open house, and is reported in the state', async () => {
    const { access, setMode, started } = rulesAtWork(OFFICE);
    await started();
    expect(access.whyNot(someone('ada', [0], { groups: ['staff'] }))).toBe('clock');
    expect(access.problems().join()).toContain('was not set by the network');
    expect(setMode).not.toHaveBeenCalledWith('open-house');
  });

  test('anti-passback needs a trusted clock, and the state says when it has none', async () => {
    const { access, started } = rulesAtWork('access: { timeZone: UTC, passback: { mode: hard, resetAt: [04:00] } }');
    await started();
    expect(access.problems().join()).toContain('was not set by the network');
  });

  test('pictures held to the camera again and again raise an alarm, keep nobody out and delay whom they show by a second at most', () => {
    const { access, clock, reported } = rulesAtWork('access: { attacks: { alarmAfter: 3, withinMs: 1000 } }');
    const ada = someone('ada', [0]);
    for (let i = 0; i < 3; i++) {
      expect([access.extraProofMs('ada'), access.problems()]).toEqual([0, []]);
      access.spoofed('ada');
    }
    expect(access.problems()).toEqual([expect.stringMatching(/^attack-alarm: /)]);
    expect([access.whyNot(ada), access.extraProofMs('ada'), access.extraProofMs('bob')]).toEqual([undefined, 1000, 0]);
    clock.advance(1000);
    expect(access.problems()).toEqual([]);
    clock.advance(59_000);
    expect(access.extraProofMs('ada')).toBe(0);
    expect(reported).toEqual([
      ['attack-alarm', { phase: 'begins', attempts: 3, person: 'ada' }],
      ['attack-alarm', { phase: 'ends', attempts: 3, person: 'ada' }],
    ]);
  });

  describe('a clock that was set back', () => {
    const dated = someone('bob', [0], { validUntil: '2027-01-01T00:00:00.000Z' });
    /** One run of the daemon: whether it trusted its clock, after it has written to its journal. */
    async function run(state: string, startMs: number, facts: Partial<ClockFacts>, needs = 'auto') {
      const times = await TrustedTimesFile.open(state, undefined, {
        clock: new ManualClock(startMs),
        log: silentLog,
      });
      const { access, reported, started } = rulesAtWork(`access: { clock: ${needs} }`, facts, { times, startMs });
      await started();
      if (needs !== 'unchecked') await vi.waitFor(() => expect(reported).toHaveLength(1));
      access.wrote();
      const why = access.whyNot(dated);
      access.stop();
      await times.close();
      return why;
    }
    const network = (ms: number) => ({ synchronisedMs: wallMs(ms) });
    const HOUR = 3_600_000;

    test('is not trusted at any later start, whatever confirms it and whatever was written meanwhile', async () => {
      const state = await tempFolder();
      expect(await run(state, TUESDAY_AT_8, synchronised)).toBeUndefined();
      const back = TUESDAY_AT_8 - 2 * HOUR;
      for (let start = 0; start < 3; start++) expect(await run(state, back, network(back))).toBe('clock');
      expect(await run(state, TUESDAY_AT_8 + 1000, network(TUESDAY_AT_8))).toBeUndefined();
    });

    test('to the right time is trusted, where nothing had confirmed the wrong time or only a battery had', async () => {
      const state = await tempFolder();
      const wrong = Date.UTC(2040, 0, 1);
      expect(await run(state, wrong, {})).toBe('clock');
      expect(await run(state, TUESDAY_AT_8, synchronised)).toBeUndefined();
      expect(await run(state, wrong, { rtcAgrees: true })).toBe('expired');
      expect(await run(state, wrong, {}, 'unchecked')).toBe('expired');
      expect(await run(state, TUESDAY_AT_8 + HOUR, { rtcAgrees: true })).toBe('clock');
      expect(await run(state, TUESDAY_AT_8 + HOUR, network(TUESDAY_AT_8 + HOUR))).toBeUndefined();
    });
  });

  test('where there is no file of trusted times, the newest entry of the journal counts as confirmed by the battery', async () => {
    const [state, clock] = [await tempFolder(), new ManualClock(TUESDAY_AT_8)];
    const open = (newest: number) => TrustedTimesFile.open(state, wallMs(newest), { clock, log: silentLog });
    const first = await open(TUESDAY_AT_8);
    expect(first.times).toEqual({ networkMs: null, batteryMs: TUESDAY_AT_8 });
    first.keep({ networkMs: wallMs(TUESDAY_AT_8 + 1), batteryMs: null });
    await first.close();
    expect((await open(TUESDAY_AT_8 + 5)).times).toEqual({ networkMs: TUESDAY_AT_8 + 1, batteryMs: null });
  });

  test('a gate at which nothing happens saves the trusted time each hour, and when it stops', async () => {
    const kept: unknown[] = [];
    const times = {
      times: NEVER_TRUSTED,
      keep: ({ networkMs, batteryMs }: TrustedTimes) => void kept.push(Math.max(networkMs ?? 0, batteryMs ?? 0)),
    };
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { access, clock } = rulesAtWork('', synchronised, { times });
    access.start();
    await vi.advanceTimersByTimeAsync(100_000);
    clock.advance(3_600_000);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(kept).toEqual([TUESDAY_AT_8, TUESDAY_AT_8 + 3_600_000]);
    clock.advance(1000);
    access.stop();
    expect(kept.at(-1)).toBe(TUESDAY_AT_8 + 3_601_000);
  });

  test('the mode from before a restart is set before the machine is asked for its clock', () => {
    for (const mode of ['locked', 'normal'] as const) {
      const { access, setMode } = rulesAtWork(OFFICE, synchronised, { order: orderByHand(mode) });
      access.start();
      expect(setMode.mock.calls.flat()).toEqual(mode === 'normal' ? [] : [mode]);
      access.stop();
    }
  });

  test('a mode set by hand stays until the plan changes, also when it changed while the daemon did not run', async () => {
    const stays = rulesAtWork(OFFICE, synchronised, { order: orderByHand('locked') });
    await stays.started();
    await vi.waitFor(() => expect(stays.reported).toEqual([['clock', null]]));
    expect(stays.setMode.mock.calls.flat()).toEqual(['locked']);
    stays.clock.advance(10 * 3_600_000);
    stays.nextMinute();
    await vi.waitFor(() => expect(stays.setMode.mock.calls.flat()).toEqual(['locked', 'normal']));
    const missed = rulesAtWork(OFFICE, synchronised, { order: orderByHand('locked', TUESDAY_AT_8 - 22 * 3_600_000) });
    await missed.started();
    await vi.waitFor(() => expect(missed.setMode.mock.calls.flat()).toEqual(['locked', 'open-house']));
  });

  test('a door locked by hand in open house stays locked when the clock becomes trusted after a power cut', async () => {
    let facts: Partial<ClockFacts> = {};
    const { setMode, reported, started, nextMinute, ordered } = rulesAtWork(OFFICE, () => facts, {
      order: orderByHand('locked'),
    });
    await started();
    facts = synchronised;
    nextMinute();
    await vi.waitFor(() => expect(reported).toContainEqual(['clock', null]));
    expect(setMode.mock.calls.flat()).toEqual(['locked']);
    ordered('normal');
    nextMinute();
    await vi.waitFor(() => expect(setMode.mock.calls.flat()).toEqual(['locked']));
  });

  test('a mode set by hand before the clock is trusted is not overruled by a change that was missed', async () => {
    let facts: Partial<ClockFacts> = {};
    const yesterday = orderByHand('normal', TUESDAY_AT_8 - 26 * 3_600_000);
    const { setMode, reported, started, nextMinute, ordered } = rulesAtWork(OFFICE, () => facts, { order: yesterday });
    await started();
    ordered('locked');
    facts = synchronised;
    nextMinute();
    await vi.waitFor(() => expect(reported).toContainEqual(['clock', null]));
    expect(setMode).not.toHaveBeenCalled();
  });

  test('lock ends open house, also one that waits for a trusted clock, and leaves other modes as they are', () => {
    const waiting = rulesAtWork(OFFICE, {}, { order: orderByHand('open-house') });
    waiting.ordered('lock');
    expect(waiting.orders.order).toMatchObject({ mode: 'normal', by: 'hand' });
    const locked = rulesAtWork(OFFICE, {}, { order: orderByHand('locked') });
    locked.ordered('lock');
    expect(locked.orders.order).toEqual(orderByHand('locked'));
  });

  test('without a trusted clock open house from before a restart is not set', async () => {
    const { setMode, started } = rulesAtWork(OFFICE, {}, { order: { ...NO_ORDER, mode: 'open-house' } });
    await started();
    expect(setMode).not.toHaveBeenCalled();
  });

  test('anti-passback is asked after all other rules, and learns who was let in', () => {
    const letIn: string[] = [];
    const passback = {
      refuses: (id: string) => id === 'ada',
      letIn: (id: string) => void letIn.push(id),
      purge: () => undefined,
    };
    const { access } = rulesAtWork('', {}, { whereabouts: passback });
    expect([access.whyNot(someone('ada', [0])), access.whyNot(someone('bob', [0]))]).toEqual(['passback', undefined]);
    expect(access.whyNot(someone('ada', [0], { validUntil: '2020-01-01T00:00:00.000Z' }))).toBe('clock');
    access.letIn(someone('bob', [0]));
    expect(letIn).toEqual(['bob']);
  });
});
