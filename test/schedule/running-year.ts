/**
 * The parts of the gate that go by the clock, put to work by the gate's own recurring work on a simulated clock, and compared minute by
 * minute with {@link paint}ed days: the door's mode, its bolt, and who may enter.
 */
import { type ClockFacts, NEVER_TRUSTED } from '../../src/clock-trust/clock-trust.js';
import { TrustedClock } from '../../src/clock-trust/trusted-clock.js';
import { DoorKeeper } from '../../src/door/door-keeper.js';
import { SimulatedLock } from '../../src/door/simulated-lock.js';
import { siteEntryPolicy } from '../../src/gate/entry-policy.js';
import type { Clock } from '../../src/kit/clock.js';
import { Endings } from '../../src/kit/endings.js';
import { silentLog } from '../../src/kit/log.js';
import type { ManualClock } from '../../src/kit/manual-clock.js';
import { startRecurringWork } from '../../src/recurring-work.js';
import { type DoorOrder, NO_ORDER } from '../../src/schedule/door-order.js';
import { DoorSchedule } from '../../src/schedule/door-schedule.js';
import { given } from '../config/given.js';
import { someone } from '../person/sample.js';
import { wallTime } from './painted.js';
import { coursesOf, yearRules } from './year.js';

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
const SHOWN_MAX = 20;
/** How often it is asked who may enter while nothing changes. */
const PROBE_MINUTES = 15;

/** Simulated time that the product sees. */
export interface Simulated {
  readonly clock: Clock;
  /** Moves it, and lets everything happen that became due. */
  pass(ms: number): Promise<void>;
}

/** A manual clock; between two moves everything that became due ends. */
export const simulated = (clock: ManualClock): Simulated => ({
  clock,
  async pass(ms) {
    clock.advance(ms);
    await new Promise(setImmediate);
  },
});

export interface RunningYear {
  readonly minutes: number;
  readonly comparisons: number;
  /** How often the door's mode changed, and how often somebody's hours began or ended. */
  readonly modeChanges: number;
  readonly hoursChanges: number;
  readonly disagreements: readonly string[];
}

/** @param fromMs a whole minute, and what the clock shows now */
export async function runYear(zone: string, fromMs: number, toMs: number, time: Simulated): Promise<RunningYear> {
  const disagreements: string[] = [];
  const gate = await startParts(zone, time.clock);
  const courses = coursesOf(zone, fromMs, toMs);
  const mode = courses.pop();
  if (!mode) throw new Error('no course of the door');
  const people = courses.map((course) => ({ course, person: someone('somebody', [0], { groups: [course.name] }) }));
  let [minutes, comparisons, modeChanges, hoursChanges] = [0, 0, 0, 0];
  let before: readonly string[] | undefined;
  // Within each minute, when whatever was due at its beginning has been done.
  await time.pass(1000);
  let nextMinute = wallTime(fromMs, zone);
  for (let ms = fromMs; ms < toMs; ms += MINUTE_MS, minutes++) {
    const { date, minute } = nextMinute;
    nextMinute = wallTime(ms + MINUTE_MS, zone);
    const wrong = (text: string) => {
      if (disagreements.length < SHOWN_MAX) disagreements.push(`${zone} ${new Date(ms).toISOString()} ${text}`);
    };
    const due = mode.theirs(date, minute);
    if (gate.mode() !== due) wrong(`the door is in mode ${gate.mode()}, luxon says ${due}`);
    if (gate.released() !== (due === 'open-house')) wrong(`the bolt is ${gate.released() ? 'released' : 'locked'}`);
    const now = [due];
    comparisons += 2;
    for (const [i, { course, person }] of people.entries()) {
      const theirs = course.theirs(date, minute);
      now.push(theirs);
      // At each change, in the minute before it, and now and then: test/soak/schedule-year.mjs asks each minute.
      const next = course.theirs(nextMinute.date, nextMinute.minute);
      if (minutes % PROBE_MINUTES !== 0 && theirs === before?.[i + 1] && theirs === next) continue;
      const ours = String(gate.mayEnter(person));
      comparisons++;
      if (ours !== theirs) wrong(`${course.name}: may enter ${ours}, luxon says ${theirs}`);
    }
    for (const text of gate.late(minutes)) wrong(text);
    if (before && before[0] !== due) modeChanges++;
    hoursChanges += now.filter((one, i) => i > 0 && before && before[i] !== one).length;
    before = now;
    await time.pass(MINUTE_MS);
  }
  await gate.stop();
  return { minutes, comparisons, modeChanges, hoursChanges, disagreements };
}

/** What the gate's own table of contents does with these parts, without what they do not need. */
async function startParts(zone: string, clock: Clock) {
  const rules = yearRules(zone);
  const { config } = given('{}');
  const endings = new Endings();
  const facts: ClockFacts = { synchronisedMs: clock.wall(), rtcAgrees: false };
  const did = { asked: 0, 'passages dropped': 0, 'journal purged': 0, 'evidence purged': 0 };
  const readFacts = async () => {
    did.asked++;
    return { ...facts, troubles: [] };
  };
  const times = { times: NEVER_TRUSTED, keep: () => undefined };
  const trustedClock = new TrustedClock({ needs: 'synchronised', clock, log: silentLog, readFacts, times });
  const lock = new SimulatedLock(clock);
  const door = new DoorKeeper(lock, clock, silentLog, config.door, () => undefined);
  const orders = {
    order: NO_ORDER as DoorOrder,
    keep(order: DoorOrder) {
      orders.order = order;
    },
    keepNow: async (order: DoorOrder) => orders.keep(order),
  };
  const schedule = new DoorSchedule({ rules, clock, trustedClock, orders, door });
  const whereabouts = { refuses: () => false, letIn: () => undefined, purge: () => void did['passages dropped']++ };
  const attackAlarm = { attempted: () => undefined, extraProofMs: () => 0 };
  const entry = siteEntryPolicy({ access: rules.access, clock, trustedClock, attackAlarm, whereabouts });
  const purge = async () => {
    did['journal purged']++;
    return 0;
  };
  const parts = {
    trustedClock,
    whereabouts,
    schedule,
    pictures: { purge: async () => void did['evidence purged']++ },
    journal: { head: undefined, purge },
    site: undefined,
    encoder: 'none',
  };
  await startRecurringWork({ clock, log: silentLog, endings }, parts);
  /** What each job is to have done after so many minutes, at least. */
  const least = {
    asked: (minutes: number) => minutes,
    'passages dropped': (minutes: number) => minutes,
    'journal purged': (minutes: number) => Math.floor(minutes / HOUR_MINUTES),
    'evidence purged': (minutes: number) => Math.floor(minutes / HOUR_MINUTES),
  } as const;
  const jobs = Object.keys(least) as (keyof typeof least)[];
  const told = new Set<string>();
  return {
    mode: () => door.mode,
    released: () => lock.released,
    mayEnter: (person: ReturnType<typeof someone>) => entry.whyNot(person) === undefined,
    /** Jobs that stood still; each is told once. */
    late: (minutes: number) =>
      jobs
        .filter((job) => did[job] < least[job](minutes) && !told.has(job))
        .map((job) => `${job} ${did[job]} times in ${minutes} minutes, ${told.add(job).size} jobs stand still`),
    stop: () => endings.close(),
  };
}
