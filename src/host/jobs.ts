import { schedule } from 'node-cron';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';

/** Work that is due regularly. A job finds out itself what there is to do: being called too often or late does no harm. */
export interface Job {
  readonly name: string;
  /** When to wake, as for cron: `* * * * *` is each minute. */
  readonly cron: string;
  run(): void | Promise<void>;
}

export interface Jobs {
  /** No job begins after this. Safe to call twice. */
  stop(): void;
}

/**
 * Starts every job at once, in order, to catch up on what was missed while the daemon was down; then each at its times, but
 * never while it still runs. A time that was missed because the process was busy is caught up on. A job that throws is
 * logged and called again at its next time.
 * @param timeZone of the cron expressions, a name that Node knows.
 */
export function startJobs(jobs: readonly Job[], timeZone: string, log: Pick<Log, 'error' | 'warn' | 'debug'>): Jobs {
  const running = new Set<string>();
  let stopped = false;
  const run = async ({ name, run: act }: Job): Promise<void> => {
    if (stopped || running.has(name)) return;
    running.add(name);
    try {
      await act();
    } catch (thrown) {
      log.error({ job: name, why: explain(thrown) }, 'a job failed; it is tried again at its next time');
    } finally {
      running.delete(name);
    }
  };
  const logger = {
    info: (message: string) => log.debug({}, message),
    debug: (message: string | Error) => log.debug({}, explain(message)),
    warn: (message: string) => log.warn({}, message),
    error: (message: string | Error) => log.error({}, explain(message)),
  };
  const tasks = jobs.map((job) => {
    const options = { timezone: timeZone, name: job.name, suppressMissedWarning: true, unref: true, logger };
    const task = schedule(job.cron, () => run(job), options);
    task.on('execution:missed', () => run(job));
    return task;
  });
  for (const job of jobs) void run(job);
  return {
    stop() {
      stopped = true;
      for (const task of tasks.splice(0)) void task.destroy();
    },
  };
}
