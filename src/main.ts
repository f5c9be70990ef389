/**
 * The gate process, a table of contents: door → key → formats → models → people → journal → state files → clock → broker → reports → eye → voice →
 * gate → site → systemd. The door is first: exit button and fire alarm wait for nothing else, and are served while the rest is opened.
 * Parts end in the reverse of the order in which they were opened (those that save together: see Endings), at the stop as well as when a
 * later part cannot be opened. Before any of them the door is made safe.
 */
import { openAttackAlarm } from './access/open-attack-alarm.js';
import { rulesOf } from './access/rules.js';
import { warnOfUnknownGroups } from './access/unknown-groups.js';
import { openData } from './backup/open-data.js';
import { openTrustedClock } from './clock-trust/open-trusted-clock.js';
import { warnOfDangers } from './config/dangers.js';
import { makeOpening, type Opening, withKey } from './config/opening.js';
import { serveDoorAlone } from './door/door-alone.js';
import { openDoor } from './door/open-door.js';
import type { StartedDoor } from './door/start-door.js';
import { makeEye } from './eye/make-eye.js';
import { startEye } from './eye/start-eye.js';
import { siteEntryPolicy } from './gate/entry-policy.js';
import { eyeListeners } from './gate/eye-listeners.js';
import { makeGate } from './gate/make-gate.js';
import { makeHandlers } from './gate/make-handlers.js';
import { PaceWatch } from './gate/pace-watch.js';
import { openPulse } from './host/pulse.js';
import { makeNotify, openReadiness } from './host/readiness.js';
import { openJournal } from './journal/open-journal.js';
import { openKeys } from './keys/open-keys.js';
import { Endings } from './kit/endings.js';
import { explain } from './kit/errors.js';
import { Signal } from './kit/signal.js';
import { systemClock } from './kit/system-clock.js';
import { VERSION } from './kit/version.js';
import { openMetrics } from './metrics/open-metrics.js';
import { openModelsInTime } from './models/open-models.js';
import { makeWhereabouts } from './passback/make-whereabouts.js';
import { openPassagesFile } from './passback/passages-file.js';
import { startRecurringWork } from './recurring-work.js';
import { attackPictures } from './report/attack-pictures.js';
import { openHomeAssistant } from './report/open-home-assistant.js';
import { openReports, reportRun } from './report/open-reports.js';
import { openStatus } from './report/open-status.js';
import type { GateState } from './report/status.js';
import { openSyncTrace } from './report/sync-trace.js';
import { openDoorOrder } from './schedule/door-order-file.js';
import { DoorSchedule } from './schedule/door-schedule.js';
import { openSite } from './site/open-site.js';
import { summaryOf } from './site/sync/people-digest.js';
import { erasingEvents, openUplink } from './site/uplink.js';
import { openPeople } from './store/open-people.js';
import { openGreeter } from './voice/open-greeter.js';

/** A running gate. */
export interface RunningGate {
  readonly state: () => GateState;
  /** Locks the door, saves and disconnects; a second call waits for the first. @throws Error with all that could not be closed */
  stop(): Promise<void>;
}

/** Starts a gate, by another clock and with other endings where a test gives them. @throws OperatingError when it cannot work; nothing is left running then */
export async function startGate(
  config: Opening['config'],
  paths: Opening['paths'],
  log: Opening['log'],
  { clock = systemClock, endings = new Endings(clock) }: Partial<Pick<Opening, 'clock' | 'endings'>> = {},
): Promise<RunningGate> {
  const opening = makeOpening({ config, paths, clock, log, endings });
  try {
    const door = await openDoor(opening);
    const doorParts = endings.count;
    const state = await withKey(opening, process.env)
      .then(async (whole) => start(whole, await open(whole, door)))
      .catch(async (thrown) => {
        await serveDoorAlone(opening, door, doorParts, thrown);
        throw thrown;
      });
    let stopping: Promise<void> | undefined;
    const stop = () => endings.close().then(() => log.info(`the gate is down, the door is ${door.leftAt}`));
    return { state, stop: () => (stopping ??= stop()) };
  } catch (thrown) {
    // The caller gets the reason why it did not start; what could not be closed either is only logged.
    await endings.close().catch((also) => log.error({ why: explain(also) }, 'not everything could be closed'));
    throw thrown;
  }
}

/** Makes the parts but for the door, which is at work already. Most of what can be wrong with configuration or machine shows here. */
async function open(opening: Opening, door: StartedDoor) {
  const { config, clock, log } = opening;
  const rules = rulesOf(config.access);
  const changed = new Signal();
  await openData(opening);
  const models = await openModelsInTime(opening);
  const { people, gallery } = await openPeople(opening, models);
  const journal = await openJournal(opening);
  const passagesFile = await openPassagesFile(opening);
  const doorOrder = await openDoorOrder(opening);
  const trustedClock = await openTrustedClock(opening, journal.newestMs);
  people.judgeBy(trustedClock);
  const uplink = await openUplink(opening, journal);
  const { reporter, written } = await openReports(opening, journal, trustedClock, uplink?.outbox);

  const whereabouts = makeWhereabouts(opening, rules, { people, file: passagesFile, trustedClock, reports: reporter });
  door.tell({ onReport: reporter.door.bind(reporter), passages: whereabouts, onChange: changed.raise });
  const schedule = new DoorSchedule({ rules, clock, trustedClock, orders: doorOrder, door: door.keeper });
  const attackAlarm = await openAttackAlarm(opening, rules.attacks, { people, reports: reporter, changed });
  const entry = siteEntryPolicy({ access: rules.access, clock, trustedClock, attackAlarm, whereabouts });

  const eye = await makeEye(opening, models.models);
  const pictures = attackPictures(opening, eye, trustedClock);
  const greeter = await openGreeter(opening, (said) => reporter.greeting(said));
  const deciding = { models, people, gallery, door: door.keeper, entry, greeter };
  const gate = makeGate(opening, { ...deciding, reports: reporter, pictures });

  const shared = whereabouts.shared ? whereabouts : undefined;
  const erasing = erasingEvents(journal, uplink);
  const served = { people, gallery, gate, door: door.keeper, schedule, eye, whereabouts: shared, journal: erasing };
  const handlers = makeHandlers(opening, { ...served, reports: reporter });
  const keys = await openKeys(opening, (list) => reporter.keysTaken(list));
  const sharing = { people, passages: shared, handlers, reports: reporter };
  const site = await openSite(opening, uplink, { ...sharing, trustedClock, written, keys });
  const notify = makeNotify(opening);
  const pace = new PaceWatch({ maxAgeMs: config.decision.maxAgeMs, clock, log, onChange: changed.raise });
  const parts = { rules, models, people, journal, trustedClock, reporter, whereabouts, door, schedule, eye, uplink };
  return { ...parts, doorOrder, attackAlarm, pace, written, changed, pictures, gate, site, notify };
}

/** Starts the parts, once all of them are there. @returns the gate's state, for its owner */
async function start(opening: Opening, parts: Awaited<ReturnType<typeof open>>): Promise<() => GateState> {
  const { rules, models, people, reporter, changed, eye, site, notify } = parts;
  const { encoder } = models;
  opening.warnings.unshift(...warnOfDangers(opening.config, process.env, opening.log));
  const status = await openStatus(opening, parts);
  const metrics = await openMetrics(opening, { ...parts, state: () => status.state });
  people.onChange(changed.raise);
  warnOfUnknownGroups(people.all(), rules.access, opening.log);
  await reportRun(opening, parts, { version: VERSION, encoder, people: summaryOf(people) });
  await openSyncTrace(opening, people, reporter);
  await openHomeAssistant(opening, parts, () => status.state);
  site?.start();
  await startRecurringWork(opening, { ...parts, encoder });
  await startEye(opening, eye, metrics.around(eyeListeners({ ...parts, reports: reporter })), models.whyBlind);
  await openReadiness(opening, notify, status.line);
  await openPulse(opening.endings, () => {
    notify.watchdog();
    status.refresh();
  });
  const { site: name, gate: gateName } = opening.config;
  opening.log.info({ site: name, gate: gateName, version: VERSION, encoder, people: people.size }, 'the gate is up');
  return () => status.state;
}
