/**
 * The gate process, a table of contents: models → people → door → voice → decision → site → eye; stop in reverse.
 * The only file that names concrete adapters of this process.
 */
import { join } from 'node:path';
import type { Config } from './config/config.js';
import type { Paths } from './config/paths.js';
import { DoorKeeper } from './door/door-keeper.js';
import { SimulatedLock } from './door/simulated-lock.js';
import type { Observation } from './face/observation.js';
import { type Decision, Gate } from './gate.js';
import { explain } from './kit/errors.js';
import type { Log } from './kit/log.js';
import { systemClock as clock } from './kit/system-clock.js';
import { VERSION } from './kit/version.js';
import { equip } from './models/equipment.js';
import { loadManifest } from './models/model-files.js';
import { Gallery } from './person/gallery.js';
import { Enrolment } from './service/enrolment.js';
import { Eye } from './service/eye.js';
import { EyeProcess } from './service/eye-process.js';
import { requestHandlers } from './service/request-handlers.js';
import { type GateState, gateState, statusLine } from './service/status.js';
import { supervisionPlan } from './service/supervision.js';
import { SystemdNotify } from './service/systemd-notify.js';
import { MqttLink } from './site/mqtt-link.js';
import { offlineWill, Site } from './site/site.js';
import { PeopleStore } from './store/people-store.js';
import { EspeakSpeaker } from './voice/espeak-speaker.js';
import { Greeter } from './voice/greeter.js';
import { SilentSpeaker } from './voice/silent-speaker.js';

/** A running gate. */
export interface RunningGate {
  readonly state: () => GateState;
  /** Locks the door, saves, says goodbye. */
  stop(): Promise<void>;
}

/** How often the gate proves to systemd that its event loop turns. */
const PULSE_MS = 1000;

/** Starts a gate. @throws OperatingError with one line when it cannot work; nothing is left running then. */
export async function startGate(config: Config, paths: Paths, log: Log): Promise<RunningGate> {
  const notify = new SystemdNotify({ env: process.env, clock, log });

  const equipment = await equip(loadManifest(), config.encoder);
  const store = await PeopleStore.open({
    file: join(paths.state, 'people.json'),
    encoder: equipment.encoder,
    gate: config.gate,
    clock,
    log,
  });
  const gallery = new Gallery(equipment.encoder, equipment.dimension);
  for (const person of store.all()) gallery.set(person);
  store.onChange(({ id, person }) => (person ? gallery.set(person) : gallery.delete(id)));

  const lock = new SimulatedLock(clock, ({ released }) =>
    log.info({ released }, released ? 'bolt drawn' : 'bolt thrown'),
  );
  const door = new DoorKeeper(lock, clock, log, config.door, (state) => {
    changed();
    site?.event('door', { state });
  });

  const { enabled, speak, language, device, volume } = config.greeting;
  const speaker = speak
    ? new EspeakSpeaker({ cacheFolder: join(paths.cache, 'voice'), device, volume, log })
    : new SilentSpeaker();
  const greeter = new Greeter(speaker, clock, language, (said) => {
    log.info({ greeting: config.log.names ? said.text : undefined }, 'greeting');
    site?.event('greeting', { text: said.text, language: said.language });
  });

  const gate = new Gate({
    config,
    curve: equipment.curve,
    gallery,
    person: (id) => store.get(id),
    door,
    greeter: enabled ? greeter : undefined,
    clock,
    report: (decision) => tell(decision),
  });

  let seen: Observation | undefined;
  const eye = new Eye({
    make: (events) => new EyeProcess(events),
    settings: { camera: config.camera, faces: config.faces, models: { ...equipment.models } },
    plan: supervisionPlan(config.eye),
    clock,
    log,
    random: Math.random,
    listeners: {
      observation: (observation) => {
        gate.see(observation);
        seen = observation;
      },
      status: () => changed(),
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
  const handlers = requestHandlers({
    store,
    enrolment,
    measurePhoto: (photo) => eye.measurePhoto(photo),
    lastSeen: () => seen,
    open: (by, reason) => {
      const opened = door.open();
      log.info({ by, reason, opened }, 'asked to open by MQTT');
      site?.event('opened', { by, reason: reason ?? null, opened });
      return opened;
    },
    clock,
    version: VERSION,
  });
  const site = config.mqtt.enabled ? joinSite(config, store, handlers, log) : undefined;

  const state = () =>
    gateState({
      door: { mode: 'normal', state: door.state },
      eye: eye.status,
      peopleFault: store.fault === undefined ? null : explain(store.fault),
      threshold: gate.threshold,
    });
  const changed = () => {
    site?.state(state());
    notify.status(statusLine(state(), store.size));
  };
  const tell = ({ face, person, ...decision }: Decision) => {
    const who = person && (config.log.names ? { id: person.id, name: person.name } : { id: person.id });
    log.info({ ...decision, person: who }, decision.text);
    const { type, text, reason, distance, threshold, track, frame, afterMs } = decision;
    const box = face ? [face.box.x, face.box.y, face.box.width, face.box.height].map(Math.round) : null;
    site?.event(type, {
      reason,
      text,
      person: person?.id ?? null,
      name: person?.name ?? null,
      distance,
      threshold,
      track,
      frame,
      afterMs,
      box,
    });
  };

  site?.info({ version: VERSION, encoder: equipment.encoder });
  site?.start();
  eye.start();
  notify.ready(statusLine(state(), store.size));
  const pulse = setInterval(() => notify.watchdog(), PULSE_MS);
  log.info(
    { site: config.site, gate: config.gate, version: VERSION, encoder: equipment.encoder, people: store.size },
    'the gate is up',
  );

  return {
    state,
    async stop() {
      clearInterval(pulse);
      door.stop();
      eye.stop();
      await notify.stopping();
      await greeter.close();
      await site?.stop();
      await store.close();
      log.info('the gate is down, the door is locked');
    },
  };
}

function joinSite(config: Config, people: PeopleStore, handlers: ReturnType<typeof requestHandlers>, log: Log): Site {
  const names = { site: config.site, gate: config.gate };
  const { clientId, username, passwordFile, caFile, certFile, keyFile, ...rest } = config.mqtt;
  const optional = { clientId, username, passwordFile, caFile, certFile, keyFile };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null));
  const link = new MqttLink({ config: { ...rest, ...given }, names, will: offlineWill(names), clock, log });
  return new Site({ link, names, clock, log, people, handlers });
}
