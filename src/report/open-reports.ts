import type { TrustedClock } from '../clock-trust/trusted-clock.js';
import type { Opening } from '../config/opening.js';
import type { JournalWriter } from '../journal/writer.js';
import type { Outbox } from '../site/outbox.js';
import { eraserOnTamper } from './erase-on-tamper.js';
import { JournalThenSite } from './journal-then-site.js';
import { Reporter } from './reporter.js';

export interface Reports {
  readonly reporter: Reporter;
  /** Resolves when everything up to now was written and published. */
  readonly written: () => Promise<void>;
}

/** Opens the reports. When they are closed, all of them are on the disk and in the outbox. @param outbox undefined without a broker */
export async function openReports(
  opening: Opening,
  journal: JournalWriter,
  trustedClock: Pick<TrustedClock, 'keep' | 'onChange'>,
  outbox: Pick<Outbox, 'add'> | undefined,
): Promise<Reports> {
  const { config, clock, log, endings } = opening;
  const journalThenSite = await endings.open(
    'the reports',
    () => new JournalThenSite(journal, () => trustedClock.keep(), log),
    (reports) => reports.settled(),
  );
  const publish = (...event: Parameters<Outbox['add']>) => outbox?.add(...event);
  const erase = eraserOnTamper(opening, process.env);
  const reporter = new Reporter({ log, names: config.log.names, journalThenSite, clock, publish });
  reporter.onReport((type, fields) => {
    if (type === 'tamper' && fields['active'] === true) void erase();
  });
  trustedClock.onChange((distrust) => reporter.clock(distrust));
  return { reporter, written: () => journalThenSite.settled() };
}

type StartFacts = Parameters<Reporter['started']>[0];

/**
 * Reports that the gate has started, once its people are counted, for which nothing waits, and at its end that it stops: while the site still
 * answers requests, everything is written.
 * @returns `started` resolves when it was reported
 */
export const reportRun = (
  { endings }: Pick<Opening, 'endings'>,
  { reporter, written }: Reports,
  { people, ...facts }: Omit<StartFacts, 'people'> & { readonly people: Promise<StartFacts['people']> },
): Promise<{ readonly started: Promise<void> }> =>
  endings.open(
    'the report of the stop',
    async () => ({ started: people.then((counted) => reporter.started({ ...facts, people: counted })) }),
    async ({ started }) => {
      await started;
      reporter.stopped();
      return written();
    },
  );
