import type { TrustedClock } from './clock-trust/trusted-clock.js';
import type { Opening } from './config/opening.js';
import { startJobs } from './host/jobs.js';
import type { JournalWriter } from './journal/writer.js';
import { VERSION } from './kit/version.js';
import type { Whereabouts } from './passback/whereabouts.js';
import type { AttackPictures } from './report/attack-pictures.js';
import type { DoorSchedule } from './schedule/door-schedule.js';
import type { Site } from './site/site.js';
import type { PeopleStore } from './store/people-store.js';

export interface RecurringWorkParts {
  readonly trustedClock: Pick<TrustedClock, 'check' | 'trusted'>;
  readonly whereabouts: Pick<Whereabouts, 'purge'>;
  readonly schedule: Pick<DoorSchedule, 'follow'>;
  readonly pictures: Pick<AttackPictures, 'purge'>;
  readonly people: Pick<PeopleStore, 'follow'>;
  readonly journal: Pick<JournalWriter, 'head' | 'purge'>;
  readonly site: Pick<Site, 'info'> | undefined;
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

/**
 * Starts everything that the gate does again and again by the clock; each job also runs once at the start. None of them wakes by local
 * time, which leaves hours out and lets others come twice: what is due by it is worked out each minute.
 */
export async function startRecurringWork(
  { clock, log, endings }: Pick<Opening, 'clock' | 'log' | 'endings'>,
  parts: RecurringWorkParts,
): Promise<void> {
  const { trustedClock, schedule, pictures, people, journal, site, encoder } = parts;
  // The mode from before the restart, before the machine is asked for its clock.
  schedule.follow();
  // What seldom changes. With the journal's head: once others have seen it, the entries up to it cannot be cut off unnoticed.
  const info = () => site?.info({ version: VERSION, encoder, journal: journal.head ?? null });
  const jobs = [
    // By itself: a machine that does not answer about its clock, or a disk that hangs, must not keep a door open past its time.
    { name: 'schedule', cron: '* * * * *', run: () => schedule.follow() },
    { name: 'clock', cron: '* * * * *', run: () => followClock(parts) },
    { name: 'people', cron: '* * * * *', run: () => people.follow() },
    // Each hour: a machine that is off at night purges, too.
    { name: 'evidence', cron: '17 * * * *', run: () => pictures.purge() },
    { name: 'journal', cron: '23 * * * *', run: () => journal.purge(trustedClock.trusted).then(() => undefined) },
    { name: 'info', cron: '* * * * *', run: info },
  ];
  await endings.open(
    'the jobs',
    () => startJobs(jobs, clock, log),
    (running) => running.stop(),
  );
}
