import type { Opening } from '../config/opening.js';
import type { Notify } from '../host/notify.js';
import { type Clock, iso, type Timer } from '../kit/clock.js';
import type { Signal } from '../kit/signal.js';
import { VERSION } from '../kit/version.js';
import type { Site } from '../site/site.js';
import type { PeopleStore } from '../store/people-store.js';
import { type CurrentStateParts, currentState } from './current-state.js';
import { RUN_STATE_EVERY_MS, runStateFile, runStateOf } from './run-state.js';
import { RunStateFile } from './run-state-file.js';
import { StatusPublisher } from './status-publisher.js';

export interface StatusParts extends Omit<CurrentStateParts, 'log' | 'warnings' | 'connected' | 'people'> {
  readonly people: Pick<PeopleStore, 'fault' | 'problems' | 'size' | 'removed'>;
  /** Undefined without a broker. */
  readonly site: Pick<Site, 'connected' | 'problems' | 'state'> | undefined;
  readonly notify: Pick<Notify, 'status'>;
  readonly changed: Signal;
}

/** Tells of the gate's state whenever it has changed: the site, systemd, and the programs of this computer through a file in the run folder. */
export async function openStatus(opening: Opening, parts: StatusParts): Promise<StatusPublisher> {
  const { clock, log, paths, endings, warnings } = opening;
  const { site, notify, people, journal, changed } = parts;
  const state = () => currentState({ ...parts, log, warnings, connected: () => site?.connected ?? false });
  const siteProblems = () => site?.problems ?? [];
  const status: StatusPublisher = new StatusPublisher({ state, siteProblems, people }, (now, line) => {
    site?.state(now);
    notify.status(line);
    file.note();
  });
  const written = () =>
    runStateOf({
      time: iso(clock.wall()),
      monotonicMs: clock.monotonic(),
      version: VERSION,
      pid: process.pid,
      state: status.state,
      journalFault: journal.fault,
      people: people.size,
      removed: people.removed,
    });
  const file = new RunStateFile({ file: runStateFile(paths.run), state: written, log });
  await endings.open(
    'the state in the run folder',
    () => repeat(clock, RUN_STATE_EVERY_MS, () => file.note()),
    (renewal) => {
      renewal.cancel();
      return file.close();
    },
  );
  changed.on(() => status.refresh());
  file.note();
  return status;
}

/** Calls `act` again and again. */
function repeat(clock: Clock, everyMs: number, act: () => void): Timer {
  let timer = clock.after(everyMs, function again() {
    timer = clock.after(everyMs, again);
    act();
  });
  return { cancel: () => timer.cancel() };
}
