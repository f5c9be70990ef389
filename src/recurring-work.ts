import type { TrustedClock } from './clock-trust/trusted-clock.js';
import type { Opening } from './config/opening.js';
import { startJobs } from './host/jobs.js';
import type { JournalWriter } from './journal/writer.js';
import { VERSION } from './kit/version.js';
import type { Whereabouts } from './passback/whereabouts.js';
import type { AttackPictures } from './report/attack-pictures.js';
import type { DoorSchedule } from './schedule/door-schedule.js';
import type { Site } from './site/site.js';

export interface RecurringWorkParts {
  /** Zone of the cron expressions. */
  readonly zone: string;
  readonly trustedClock: TrustedClock;
  readonly whereabouts: Whereabouts;
  readonly schedule: DoorSchedule;
  readonly pictures: AttackPictures;
  readonly journal: JournalWriter;
  readonly site: Site | undefined;
  readonly encoder: string;
}

/** Work for each minute and for the start: checks first whether the clock is right, then does what is due by it. */
export async function followClock({
  trustedClock,
  whereabouts,
  schedule,
}: {
  readonly trustedClock: Pick<TrustedClock, 'check'>;
  readonly whereabouts: Pick<Whereabouts, 'purge'>;
  readonly schedule: Pick<DoorSchedule, 'follow'>;
}): Promise<void> {
  await trustedClock.check();
  whereabouts.purge();
  schedule.follow();
}

/** Starts everything that the gate does again and again by the clock; each job also runs once at the start. */
export async function startRecurringWork({ log, endings }: Opening, parts: RecurringWorkParts): Promise<void> {
  const { zone, trustedClock, schedule, pictures, journal, site, encoder } = parts;
  // The mode from before the restart, before the machine is asked for its clock.
  schedule.follow();
  // What seldom changes. With the journal's head: once others have seen it, the entries up to it cannot be cut off unnoticed.
  const info = () => site?.info({ version: VERSION, encoder, journal: journal.head ?? null });
  const jobs = [
    { name: 'access', cron: '* * * * *', run: () => followClock(parts) },
    { name: 'evidence', cron: '17 3 * * *', run: () => pictures.purge() },
    // Each hour: a machine that is off at night purges, too.
    { name: 'journal', cron: '23 * * * *', run: () => journal.purge(trustedClock.trusted).then(() => undefined) },
    { name: 'info', cron: '* * * * *', run: info },
  ];
  await endings.open(
    'the jobs',
    () => startJobs(jobs, zone, log),
    (running) => running.stop(),
  );
}
