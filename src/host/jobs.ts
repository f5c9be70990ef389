import { createTask } from 'node-cron';
import type { Clock, Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';

/** Work that is due regularly. A job finds out itself what there is to do: being called too often or late does no harm. */
export interface Job {
  readonly name: string;
  /** The minutes at which to wake, as for cron and in UTC: `* * * * *` is each one. */
  readonly cron: string;
  run(): void | Promise<void>;
}

export interface Jobs {
  /** No job begins after this. Safe to call twice. */
  stop(): void;
}

const MINUTE_MS = 60_000;
const EACH_MINUTE = '* * * * *';

/**
 * Starts every job at once, in order, to catch up on what was missed while the daemon was down; then each at its minutes, but never while
 * it still runs. Where the wall clock was set, or minutes passed while the process was busy or the machine asleep, every job runs, since
 * any may have been due. A job that throws is logged and called again at its next time.
 *
 * Only node-cron's reading of the expressions is used. Its timers wait for a moment of the wall clock: with a zone they pass over one hour
 * where autumn puts the clock back, a clock that is set back stops them until it has caught up, and one that is set forward by a month
 * holds the event loop for seconds, since each minute in between is gone through. Here no wait is longer than a minute of the monotonic clock.
 * @throws Error where an expression is none
 */
export function startJobs(jobs: readonly Job[], clock: Clock, log: Pick<Log, 'error'>): Jobs {
  const running = new Set<string>();
  const times = jobs.map((job) => ({
    job,
    // Most jobs are for each minute, where there is nothing to ask.
    at: job.cron === EACH_MINUTE ? undefined : createTask(job.cron, () => undefined, { timezone: 'UTC' }),
  }));
  let stopped = false;
  let timer: Timer | undefined;
  let served = minuteOf(clock);

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
  const wake = (): void => {
    const minute = minuteOf(clock);
    const next = minute === served + 1;
    // A timer may ring a moment before the minute does; then nothing has begun yet.
    if (minute !== served)
      for (const { job, at } of times)
        if (!next || at === undefined || at.match(new Date(minute * MINUTE_MS))) void run(job);
    served = minute;
    wait();
  };
  const wait = (): void => {
    if (!stopped) timer = clock.after((minuteOf(clock) + 1) * MINUTE_MS - clock.wall(), wake);
  };

  for (const job of jobs) void run(job);
  wait();
  return {
    stop() {
      stopped = true;
      timer?.cancel();
      for (const { at } of times.splice(0)) void at?.destroy();
    },
  };
}

/** Minutes since 1970. */
const minuteOf = (clock: Pick<Clock, 'wall'>): number => Math.floor(clock.wall() / MINUTE_MS);
