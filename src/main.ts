/**
 * The gate process, a table of contents: models → people → door → journal → voice → decision → eye → site; stop in reverse.
 * Besides the files that open some (open-parts, voice, site), the only one that names concrete adapters of this process.
 */
import { join } from 'node:path';
import { unknownGroups } from './access/groups.js';
import { rulesOf } from './access/rules.js';
import { readClockFacts } from './clock-trust/clock-facts.js';
import type { Config } from './config/config.js';
import type { Paths } from './config/paths.js';
import { startDoor } from './door/start-door.js';
import { EyeProcess } from './eye/child-process.js';
import { supervisionPlan } from './eye/restart-rules.js';
import { Eye } from './eye/supervisor.js';
import type { Observation } from './face/observation.js';
import { Enrolment } from './gate/enrolment.js';
import { AccessKeeper } from './gate/entry-policy.js';
import { Gate } from './gate/gate.js';
import { startJobs } from './host/jobs.js';
import { SystemdNotify } from './host/systemd-notify.js';
import { endInOrder } from './kit/closing.js';
import { explain } from './kit/errors.js';
import type { Log } from './kit/log.js';
import { systemClock as clock } from './kit/system-clock.js';
import { VERSION } from './kit/version.js';
import { closeParts, type OpenParts, openParts } from './open-parts.js';
import { WhereaboutsKeeper } from './passback/whereabouts.js';
import { usableCurve } from './person/thresholds.js';
import { Evidence } from './report/attack-pictures.js';
import { Bulletin } from './report/journal-then-site.js';
import { News, type Publish } from './report/reporter.js';
import { type GateState, gateState, statusLine } from './report/status.js';
import { Board } from './report/status-board.js';
import { SyncTally } from './report/sync-counter.js';
import { joinSite } from './site/join-site.js';
import type { Site } from './site/site.js';
import { summaryOf } from './site/sync/people-records.js';
import { eraseCopies } from './store/erase-copies.js';
import { followedGallery } from './store/followed-gallery.js';
import { openGreeter } from './voice/open-greeter.js';

/** A running gate. */
export interface RunningGate {
  readonly state: () => GateState;
  /** Locks the door, saves, says goodbye; asked twice it does so once. @throws Error with all that did not end well */
  stop(): Promise<void>;
}

/** So often the event loop proves to systemd that it turns, and the state is looked at anew. */
const PULSE_MS = 1000;

/** Starts a gate. @throws OperatingError with one line when it cannot work; nothing is left running then. */
export async function startGate(config: Config, paths: Paths, log: Log): Promise<RunningGate> {
  const opened = await openParts(config, paths, { clock, log });
  try {
    return startWith(config, paths, log, opened);
  } catch (thrown) {
    await closeParts(opened, log);
    throw thrown;
  }
}

function startWith(
  config: Config,
  paths: Paths,
  log: Log,
  { equipment, store, hardware, journal, passages, modes, trustedTime }: OpenParts,
): RunningGate {
  const notify = new SystemdNotify({ env: process.env, clock, log });
  // Named before they are made: the door may tell of itself earlier, and at the latest when this process ends.
  let site: Site | undefined;
  let board: Board<{ readonly gate: GateState; readonly people: number }> | undefined;
  let access: AccessKeeper | undefined;
  const bulletin = new Bulletin(journal, () => access?.wrote(), log);
  const publish: Publish = (...event) => site?.event(...event);
  const news = new News({ log, names: config.log.names, bulletin, clock, publish });
  const tally = new SyncTally(clock, (counts) => news.synced(counts));
  store.onChange((change) => tally.note(change));
  const gallery = followedGallery(store, equipment);

  const rules = rulesOf(config.access);
  const whereabouts = new WhereaboutsKeeper({
    rule: rules.passback,
    calendar: rules.calendar,
    gate: config.gate,
    people: store,
    file: passages,
    clock,
    clockTrusted: () => access?.clockTrusted ?? false,
    hasContact: config.door.kind === 'gpio' && config.door.contact.line !== null,
    pulseMs: config.door.pulseMs + config.door.forcedGraceMs,
    told: {
      passed: (id) => news.passed(store.get(id), rules.passback.direction),
      misfit: (id, misfit) => news.misfit(store.get(id), misfit),
    },
  });
  const door = startDoor({
    hardware,
    rule: config.door,
    clock,
    log,
    news,
    whereabouts,
    ordered: (asked) => access?.byHand(asked),
    changed: () => board?.refresh(),
  });
  // Whatever ends this process, the bolt is thrown first.
  process.once('exit', () => door.stop());

  const keeper = new AccessKeeper({
    rules,
    clock,
    log,
    readFacts: () => readClockFacts(clock),
    trustedTime,
    passback: whereabouts,
    told: { lockedOut: (...lockout) => news.lockedOut(...lockout), clock: (why) => news.clock(why) },
    orders: modes,
    mode: () => door.keeper.door.mode,
    setMode: (mode) => door.keeper.setMode(mode),
  });
  access = keeper;
  for (const [group, people] of unknownGroups(store.all(), rules.access))
    log.warn({ group, people }, 'people have a group that access.groups does not know: it lets nobody in');

  const evidence = new Evidence({
    folder: join(paths.state, 'evidence'),
    pictures: config.liveness.evidencePictures,
    days: config.liveness.evidenceDays,
    redactedPicture: () => eye.snapshot([], true),
    clock,
    log,
  });

  const greeter = openGreeter(config.greeting, paths.cache, { clock, log }, (said) => news.greeting(said));
  const gate = new Gate({
    config,
    curve: usableCurve(equipment.curve, equipment.encoder, config.decision.threshold),
    gallery,
    person: (id) => store.get(id),
    door: door.keeper,
    access: keeper,
    greeter,
    clock,
    report: (decision) => news.decision(decision),
    spoofed(spoof) {
      news.spoof(spoof);
      void evidence.keep(spoof.track);
    },
  });

  let seen: Observation | undefined;
  const eye = new Eye({
    make: (events) => new EyeProcess(events),
    settings: { camera: config.camera, faces: config.faces, models: equipment.models },
    plan: supervisionPlan(config.eye),
    clock,
    log,
    random: Math.random,
    listeners: {
      observation: (observation) => {
        gate.see(observation);
        seen = observation;
      },
      status: (status) => {
        news.eye(status);
        board?.refresh();
      },
    },
  });

  const enrolment = new Enrolment({
    store,
    gallery,
    clock,
    limits: config.faces.quality,
    maxTemplates: config.people.maxTemplates,
    duplicateDistance: () => config.people.duplicateDistance ?? gate.threshold.threshold,
  });
  const parts = { store, enrolment, door: door.desk, news, journal, clock, version: VERSION };
  site = joinSite(config, log, {
    ...parts,
    measurePhoto: (photo) => eye.measurePhoto(photo),
    lastSeen: () => seen,
    passback: whereabouts.shared ? whereabouts : undefined,
    written: () => bulletin.settled(),
    eraseCopies: () => eraseCopies(store, paths),
  });

  const state = () =>
    gateState({
      door: door.desk.now(),
      doorProblems: [...door.problems(), ...keeper.problems(), ...whereabouts.problems(site?.connected ?? false)],
      eye: eye.status,
      peopleFault: store.fault === undefined ? null : explain(store.fault),
      journalFault: journal.fault ?? null,
      threshold: gate.threshold,
      passages: whereabouts.counts,
      blindMs: clock.monotonic() - Math.max(eye.cameraLiveSinceMs, seen?.measuredMs ?? 0),
    });
  board = new Board(
    () => ({ gate: state(), people: store.size }),
    (now) => {
      site?.state(now.gate);
      notify.status(statusLine(now.gate, now.people));
    },
  );
  store.onChange(() => board?.refresh());

  news.started({ version: VERSION, encoder: equipment.encoder, people: summaryOf(store) });
  site?.start();
  keeper.start();
  const jobs = startJobs(
    [
      { name: 'evidence', cron: '17 3 * * *', run: () => evidence.purge() },
      // Each hour: a machine that is off at night purges, too.
      { name: 'journal', cron: '23 * * * *', run: () => journal.purge(keeper.clockTrusted).then(() => undefined) },
      { name: 'info', cron: '* * * * *', run: () => site?.info(infoOf(equipment, journal)) },
    ],
    rules.calendar.zone,
    log,
  );
  eye.start();
  notify.ready(statusLine(state(), store.size));
  const pulse = setInterval(() => {
    notify.watchdog();
    board?.refresh();
  }, PULSE_MS);
  const { site: name, gate: gateName } = config;
  const who = { site: name, gate: gateName, version: VERSION };
  log.info({ ...who, encoder: equipment.encoder, people: store.size }, 'the gate is up');

  let stopping: Promise<void> | undefined;
  const stop = () =>
    endInOrder([
      ['the door', () => door.stop()],
      ['the pulse', () => clearInterval(pulse)],
      ['access', () => keeper.stop()],
      ['jobs', () => jobs.stop()],
      ['the eye', () => eye.stop()],
      ['the tally', () => tally.flush()],
      ['the news', () => news.stopped()],
      ['systemd', () => notify.stopping()],
      ['the voice', () => greeter?.close()],
      // Written, then told.
      ['the bulletin', () => bulletin.settled()],
      ['the site', () => site?.stop()],
      ['the journal', () => journal.close()],
      ['passages', () => passages.close()],
      ["the door's mode", () => modes.close()],
      ['the time', () => trustedTime.close()],
      ['the people store', () => store.close()],
    ]).then(() => log.info('the gate is down, the door is locked'));
  return {
    state,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** What seldom changes. A head that others have seen is one that nobody can cut off unseen. */
const infoOf = ({ encoder }: OpenParts['equipment'], { head }: OpenParts['journal']) => ({
  version: VERSION,
  encoder,
  journal: head ?? null,
});
