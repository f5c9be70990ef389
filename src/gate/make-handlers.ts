import { randomBytes } from 'node:crypto';
import type { Opening } from '../config/opening.js';
import type { DoorKeeper } from '../door/door-keeper.js';
import type { EyeSupervisor } from '../eye/supervisor.js';
import type { JournalWriter } from '../journal/writer.js';
import { VERSION } from '../kit/version.js';
import type { Whereabouts } from '../passback/whereabouts.js';
import type { Gallery } from '../person/gallery.js';
import type { DoorSchedule } from '../schedule/door-schedule.js';
import type { GateHandlers } from '../site/requests/request-server.js';
import { eraseCopies } from '../store/erase-copies.js';
import type { PeopleStore } from '../store/people-store.js';
import { doorRequests } from './door-requests.js';
import { Enrolment } from './enrolment.js';
import type { Gate } from './gate.js';
import { requestHandlers } from './request-handlers.js';
import type { RequestReports } from './request-reports.js';

export interface MakeHandlersParts {
  readonly people: PeopleStore;
  readonly gallery: Gallery;
  readonly gate: Pick<Gate, 'photoThreshold' | 'claimThreshold'>;
  readonly door: DoorKeeper;
  readonly schedule: DoorSchedule;
  readonly eye: Pick<EyeSupervisor, 'measurePhoto' | 'newest' | 'snapshot'>;
  /** Undefined where anti-passback is off. */
  readonly whereabouts: Whereabouts | undefined;
  readonly journal: Pick<JournalWriter, 'erase' | 'reader'>;
  readonly reports: RequestReports;
}

/** What each request does at this gate, as the configuration wants it. */
export function makeHandlers({ config, paths, clock }: Opening, parts: MakeHandlersParts): GateHandlers {
  const { people, gallery, gate, door, schedule, eye, whereabouts, journal, reports } = parts;
  const enrolment = new Enrolment({
    store: people,
    gallery,
    clock,
    limits: config.faces.quality,
    maxTemplates: config.people.maxTemplates,
    ids: config.people.ids,
    random: randomBytes,
    duplicateDistance: () => config.people.duplicateDistance ?? gate.photoThreshold,
  });
  return requestHandlers({
    store: people,
    enrolment,
    measurePhoto: (photo) => eye.measurePhoto(photo),
    newestObservation: () => eye.newest,
    snapshot: config.mqtt.snapshots ? () => eye.snapshot([]) : undefined,
    gallery,
    limits: config.faces.quality,
    claimThreshold: (templates) => gate.claimThreshold(templates),
    door: doorRequests(door, schedule, reports),
    reports,
    passback: whereabouts,
    journal,
    eraseCopies: () => eraseCopies(people, paths, clock),
    clock,
    version: VERSION,
  });
}
