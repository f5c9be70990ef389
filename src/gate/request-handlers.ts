import type { PhotoAnswer } from '../eye/protocol.js';
import type { Observation } from '../face/observation.js';
import type { JournalWriter } from '../journal/writer.js';
import { type Clock, iso } from '../kit/clock.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import type { Person } from '../person/person.js';
import { RequestError } from '../site/messages.js';
import type { RequestHandlers } from '../site/requests/request-server.js';
import type { PeopleStore } from '../store/people-store.js';
import type { DoorRequests } from './door-requests.js';
import { type Enrolled, type Enrolment, EnrolmentRefused } from './enrolment.js';
import type { RequestReports } from './request-reports.js';

export interface HandlerParts {
  readonly store: PeopleStore;
  readonly enrolment: Enrolment;
  readonly measurePhoto: (photo: Buffer) => Promise<PhotoAnswer>;
  /** The eye's newest observation, however old. */
  readonly newestObservation: () => Observation | undefined;
  readonly door: DoorRequests;
  readonly reports: Pick<RequestReports, 'enrolled' | 'removed' | 'forgiven'>;
  /** Undefined where anti-passback is off. */
  readonly passback: { forgive(person: string): void } | undefined;
  readonly journal: Pick<JournalWriter, 'erase'>;
  /** Removes copies on this disk that still name or show a person who was removed. */
  readonly eraseCopies: () => Promise<void>;
  readonly clock: Clock;
  readonly version: string;
}

/** An older frame may show another person than the one who is to be enrolled from the camera. */
const CAMERA_ENROL_AGE_MS = 1000;

/** What each MQTT request does at this gate. */
export function requestHandlers(parts: HandlerParts): RequestHandlers {
  const { store, clock } = parts;
  return {
    enroll: async (args, { by }) => {
      try {
        const enrolled = await enrol(parts, args, by);
        parts.reports.enrolled(enrolled.person, enrolled.forced);
        return summary(enrolled);
      } catch (thrown) {
        if (thrown instanceof EnrolmentRefused) throw new RequestError(thrown.code, thrown.message);
        throw asRequestError(thrown);
      }
    },
    remove: async ({ id, erase }, { by }) => {
      const version = await store.remove(id, by);
      if (version !== undefined) parts.reports.removed(id, by);
      // A person who was removed already, here or by another gate, may still be named in this gate's journal.
      if (erase) {
        const erased = await parts.journal.erase(id);
        await parts.eraseCopies();
        return { id, version: version ?? null, erased };
      }
      if (version === undefined) throw new RequestError('unknown-person', `nobody of the id "${id}" is enrolled`);
      return { id, version };
    },
    people: async ({ offset, limit }) => {
      const all = [...store.all()].sort((a, b) => (a.id < b.id ? -1 : 1));
      return { count: all.length, offset, people: all.slice(offset, offset + limit).map(withoutTemplates) };
    },
    forgive: async ({ id }, { by }) => {
      const { passback } = parts;
      if (!passback) throw new RequestError('not-allowed', 'anti-passback is off at this gate: access.passback.mode');
      if (!store.get(id)) throw new RequestError('unknown-person', `nobody of the id "${id}" is enrolled`);
      passback.forgive(id);
      parts.reports.forgiven(id, by);
      return { id };
    },
    open: async ({ reason }, { by }) => {
      const why = parts.door.open(by, reason);
      if (why === 'door-mode') throw new RequestError(why, 'the door is locked by its mode: send mode first');
      if (why !== undefined) throw new RequestError('door-fault', 'the door is out of order: see its state');
      return { opened: true };
    },
    lock: async ({ reason }, { by }) => {
      parts.door.lock(by, reason);
      return parts.door.now();
    },
    mode: async ({ mode, reason }, { by }) => {
      parts.door.setMode(mode, by, reason);
      return parts.door.now();
    },
    ping: async () => ({ time: iso(clock.wall()), version: parts.version }),
  };
}

type EnrollArgs = Parameters<RequestHandlers['enroll']>[0];

async function enrol(parts: HandlerParts, args: EnrollArgs, by: string): Promise<Enrolled> {
  const { photo, from: _from, ...data } = args;
  if (photo) return parts.enrolment.fromPhoto(await parts.measurePhoto(Buffer.from(photo)), data, by);
  const seen = parts.newestObservation();
  if (!seen || parts.clock.monotonic() - seen.takenMs > CAMERA_ENROL_AGE_MS)
    throw new RequestError('stale', 'the camera shows nothing at the moment: see the state of camera and eye');
  return parts.enrolment.fromFaces(seen.faces, seen.encoder, data, by);
}

/** A record that the store refuses is the request's fault; everything else is answered as a failure. */
function asRequestError(thrown: unknown): unknown {
  const requests = ['KAIMON_PEOPLE_RECORD', 'KAIMON_PEOPLE_ID_USED', 'KAIMON_PEOPLE_FULL'];
  if (thrown instanceof OperatingError && requests.includes(thrown.code))
    return new RequestError('bad-request', messageOf(thrown));
  return thrown;
}

const summary = ({ person, quality, nearest, kept }: Enrolled) => ({
  id: person.id,
  name: person.name,
  templates: person.templates.length,
  version: person.version,
  quality,
  nearest,
  /** 0: the photos known already are better, and no more are allowed. */
  kept,
});

const withoutTemplates = ({ templates, ...rest }: Person) => ({ ...rest, templates: templates.length });
