import type { JournalWriter } from '../journal/writer.js';
import { iso } from '../kit/clock.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import type { Person } from '../person/person.js';
import { RequestError } from '../site/messages.js';
import type { GateHandlers } from '../site/requests/request-server.js';
import { NotSaved } from '../store/not-saved.js';
import type { PeopleStore } from '../store/people-store.js';
import { type CameraRequestParts, cameraRequests, seenNow } from './camera-requests.js';
import type { DoorRequests } from './door-requests.js';
import { type Enrolled, type Enrolment, EnrolmentRefused } from './enrolment.js';
import { journalPage } from './journal-page.js';
import type { RequestReports } from './request-reports.js';

export interface HandlerParts extends CameraRequestParts {
  readonly store: PeopleStore;
  readonly enrolment: Enrolment;
  readonly door: DoorRequests;
  readonly reports: CameraRequestParts['reports'] & Pick<RequestReports, 'enrolled' | 'removed' | 'forgiven'>;
  /** Undefined where anti-passback is off. */
  readonly passback: { forgive(person: string): Promise<void> } | undefined;
  readonly journal: Pick<JournalWriter, 'erase' | 'reader'>;
  /** Removes copies on this disk that still name or show a person who was removed. */
  readonly eraseCopies: () => Promise<void>;
  readonly version: string;
}

/** What each MQTT request does at this gate. */
export function requestHandlers(parts: HandlerParts): GateHandlers {
  const { store, clock } = parts;
  return {
    enroll: async (args, { by }) => {
      try {
        const enrolled = await enrol(parts, args, by);
        parts.reports.enrolled(enrolled.person, enrolled.forced);
        if (enrolled.unsaved) throw notSaved(`"${enrolled.person.id}" is enrolled`, enrolled.unsaved);
        return summary(enrolled);
      } catch (thrown) {
        if (thrown instanceof EnrolmentRefused) throw new RequestError(thrown.code, thrown.message);
        throw asRequestError(thrown);
      }
    },
    remove: async ({ id, erase }, { by }) => {
      const { version, unsaved } = await remove(store, id, by);
      if (version !== undefined) parts.reports.removed(id, by);
      // Before the erasing, which would wait for the same disk.
      if (unsaved) throw notSaved(`"${id}" is removed`, unsaved, erase ? NOT_ERASED : '');
      // A person who was removed already, here or by another gate, may still be named in this gate's journal.
      const erased = erase ? await eraseTraces(parts, id) : undefined;
      if (erased !== undefined) return { id, version: version ?? null, erased };
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
      const saving = passback.forgive(id);
      parts.reports.forgiven(id, by);
      await saved(`"${id}" is forgiven`, saving);
      return { id };
    },
    open: async ({ reason }, { by }) => {
      const why = parts.door.open(by, reason);
      if (why === 'door-mode') throw new RequestError(why, 'the door is locked by its mode: send mode first');
      if (why !== undefined) throw new RequestError('door-fault', 'the door is out of order: see its state');
      return { opened: true };
    },
    lock: async ({ reason }, { by }) => {
      await saved('the door is locked', parts.door.lock(by, reason));
      return parts.door.now();
    },
    mode: async ({ mode, reason }, { by }) => {
      await saved(`the door is in the mode ${mode}`, parts.door.setMode(mode, by, reason));
      return parts.door.now();
    },
    ...cameraRequests(parts),
    journal: (args) => journalPage(parts.journal.reader, args),
    ping: async () => ({ time: iso(clock.wall()), version: parts.version }),
  };
}

type EnrollArgs = Parameters<GateHandlers['enroll']>[0];

async function enrol(parts: HandlerParts, args: EnrollArgs, by: string): Promise<Enrolled> {
  const { photo, from: _from, ...data } = args;
  if (photo) return parts.enrolment.fromPhoto(await parts.measurePhoto(Buffer.from(photo)), data, by);
  const seen = seenNow(parts);
  return parts.enrolment.fromFaces(seen.faces, seen.encoder, data, by);
}

/** Removes a person. @returns the removal's version, undefined where nobody was enrolled, and why the disk has not taken it, if so */
async function remove(
  store: PeopleStore,
  id: string,
  by: string,
): Promise<{ readonly version: string | undefined; readonly unsaved?: NotSaved }> {
  try {
    return { version: await store.remove(id, by) };
  } catch (thrown) {
    if (thrown instanceof NotSaved) return { version: thrown.record.version, unsaved: thrown };
    throw thrown;
  }
}

/** @returns how many entries of the journal named the person @throws OperatingError: what was done, and what is to be repeated */
async function eraseTraces({ journal, eraseCopies }: HandlerParts, id: string): Promise<number> {
  try {
    const erased = await journal.erase(id);
    await eraseCopies();
    return erased;
  } catch (cause) {
    const why = `"${id}" is removed, but not everything that names them is erased at this gate: send the request once more when the disk is in order (${messageOf(cause)})`;
    throw new OperatingError(cause instanceof OperatingError ? cause.code : 'KAIMON_FILE_WRITE', why, { cause });
  }
}

/** Waits until what was done is on the disk. @throws RequestError not-saved */
async function saved(done: string, saving: Promise<void>): Promise<void> {
  try {
    await saving;
  } catch (cause) {
    throw notSaved(done, cause);
  }
}

/** It was done, other parts and gates know of it, and it will be saved: "failed" would be a lie, and so would "ok". */
const notSaved = (done: string, cause: unknown, also = ''): RequestError =>
  new RequestError(
    'not-saved',
    `${done}, and that counts from now on; but it is not on this gate's disk yet, and a restart before it is may undo it${also}: ${messageOf(cause)}`,
  );

const NOT_ERASED = '. Nothing that names them is erased: send the request once more when the disk is in order';

/** A record that the store refuses is the request's fault; everything else is answered as a failure. */
function asRequestError(thrown: unknown): unknown {
  const requests = ['KAIMON_PEOPLE_RECORD', 'KAIMON_PEOPLE_ID_USED', 'KAIMON_PEOPLE_FULL'];
  if (thrown instanceof OperatingError && requests.includes(thrown.code))
    return new RequestError('bad-request', messageOf(thrown));
  return thrown;
}

const summary = ({ person, quality, nearest, kept, namesakes }: Enrolled) => ({
  id: person.id,
  name: person.name,
  templates: person.templates.length,
  version: person.version,
  quality,
  nearest,
  namesakes,
  /** 0: the photos known already are better, and no more are allowed. */
  kept,
});

const withoutTemplates = ({ templates, ...rest }: Person) => ({ ...rest, templates: templates.length });
