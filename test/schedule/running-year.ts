/**
 * Two whole gate processes on a simulated clock, compared minute by minute with {@link paint}ed days: at one the door follows its modes, and
 * old files are purged; at the other people come to the door, each a minute before their hours change and once they have changed.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditJournal } from '../../src/journal/audit/audit.js';
import { FileDisk, journalFolder } from '../../src/journal/file-disk.js';
import { HouseWatch } from './house-watch.js';
import { wallTime } from './painted.js';
import { PeopleWatch } from './people-watch.js';
import { SteppedClock } from './stepped-clock.js';
import { type Jump, JumpingClock } from './wrong-clocks.js';
import { coursesOf, yearAccess } from './year.js';
import { startYearGate, timeService } from './year-gate.js';

const MINUTE_MS = 60_000;
/** Whatever is due in a minute is to be done in its first second. */
const LOOK_MS = 1000;
const CONFIRM_MINUTES = 30;
/** In memory, where the machine has such a folder: the journal's files are synced thousands of times. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const SHOWN_MAX = 20;

export interface RunningYear {
  readonly minutes: number;
  readonly comparisons: number;
  /** How often the door's mode changed, somebody's hours or dates began or ended, and it was forgotten who is inside. */
  readonly modeChanges: number;
  readonly hoursChanges: number;
  readonly resets: number;
  /** How often somebody came to the door. */
  readonly attempts: number;
  readonly jumps: number;
  /** Files of journals and pictures of attacks that were purged. */
  readonly journalFiles: number;
  readonly pictures: number;
  /** Entries of both journals, purged ones included. */
  readonly entries: number;
  /** The first of them, in sentences. */
  readonly disagreements: readonly string[];
}

export interface YearOptions {
  readonly zone: string;
  /** Whole minutes. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly jumps?: readonly Jump[];
  /** Configuration `access.clock`. */
  readonly needs?: 'synchronised' | 'unchecked';
  readonly journalDays?: number;
  readonly evidenceDays?: number;
}

/** Starts the two gates, lets the time pass, and stops them. What they write is gone then. */
export async function runYear(options: YearOptions): Promise<RunningYear> {
  const { zone, fromMs, toMs, jumps = [], needs = 'synchronised', journalDays = 7, evidenceDays = 10 } = options;
  const clock = new SteppedClock(fromMs - LOOK_MS);
  const folder = await mkdtemp(join(FOLDER, 'kaimon-year-'));
  const disagreements: string[] = [];
  const wrong = (text: string) => {
    if (disagreements.length < SHOWN_MAX) disagreements.push(`${zone} ${new Date(clock.wall()).toISOString()} ${text}`);
  };
  const service = await timeService(folder, clock);
  try {
    const time = new JumpingClock(clock, jumps, needs === 'synchronised', () => service.confirm());
    const courses = coursesOf(zone, fromMs, toMs);
    const mode = courses.pop();
    if (!mode) throw new Error('no course of the door');
    const people = new PeopleWatch(zone, courses, fromMs, toMs);
    const { doorModes, groups, ...access } = { ...yearAccess(zone), clock: needs };
    const common = { clock, folder, journalDays, evidenceDays };
    const house = await startYearGate({ ...common, name: 'house', access: { ...access, doorModes }, people: [] });
    const faces = await startYearGate({ ...common, name: 'faces', ...people.rules({ ...access, groups }) });
    const watch = new HouseWatch(house, mode, common);
    let minutes = 0;
    let latestMs = fromMs;
    await time.passUntil(fromMs + LOOK_MS);
    for (let ms = fromMs; ms < toMs; ms = Math.floor(clock.wall() / MINUTE_MS) * MINUTE_MS, minutes++) {
      const { trusted } = time;
      const [now, next] = [wallTime(ms, zone), wallTime(ms + MINUTE_MS, zone)];
      if (trusted !== false) latestMs = Math.max(latestMs, clock.wall());
      if (time.confirmed && minutes % CONFIRM_MINUTES === 0) await service.confirm();
      watch.minute(now, trusted, wrong);
      await watch.files(clock.wall(), trusted, latestMs, wrong);
      await people.minute(faces, { ms, now, next, trusted }, wrong);
      for (const gate of [house, faces]) for (const line of gate.complaints()) wrong(`${line} in the log`);
      await time.passUntil(ms + MINUTE_MS + LOOK_MS);
    }
    await house.stop();
    await faces.stop();
    let entries = 0;
    for (const { paths } of [house, faces]) {
      const { ok, last, faults } = await auditJournal(new FileDisk(journalFolder(paths.state)));
      entries += last;
      if (!ok) wrong(`the journal is not whole: ${JSON.stringify(faults)}`);
    }
    const comparisons = watch.comparisons + people.comparisons;
    const { modeChanges, journalFiles, pictures } = watch;
    const { hoursChanges, resets, attempts } = people;
    const changes = { modeChanges, hoursChanges, resets, attempts, jumps: time.jumped };
    return { minutes, comparisons, ...changes, journalFiles, pictures, entries, disagreements };
  } finally {
    service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
