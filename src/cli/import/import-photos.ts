import { setTimeout as pause } from 'node:timers/promises';
import { messageOf, OperatingError } from '../../kit/errors.js';
import { readPlainFile } from '../../kit/files/plain-file.js';
import type { Response } from '../../site/messages.js';
import type { GateLimits } from './gate-client.js';
import type { ListedPerson, ListedPhoto } from './import-list.js';
import type { ImportReport, ReportLine } from './import-report.js';

/** Tries of one photo: where no answer came, and where the gate had no time. */
const SILENT_MAX = 2;
const BUSY_MAX = 50;
const BUSY_MS = 2_000;
/** So many photos without an answer one after the other, and the gate counts as gone. */
const GIVE_UP = 5;
/** In flight where the gate tells no depth of its queue: it takes four at a time. */
const OLDER_GATE = 3;
/** Nothing of this client is taken, whatever the photo. */
const SHUT_OUT: readonly string[] = ['unsigned', 'bad-signature', 'not-allowed'];
/** base64 and the rest of a request around a photo. */
const overhead = (bytes: number): number => Math.ceil(bytes / 3) * 4 + 4_096;

export interface ImportParts {
  readonly people: readonly ListedPerson[];
  readonly ask: (args: object) => Promise<Response | undefined>;
  readonly limits: GateLimits;
  /** As many as are wanted in flight; fewer where the gate's queue is smaller. */
  readonly inFlight: number;
  readonly report: Pick<ImportReport, 'of' | 'add'>;
  readonly newId: () => string;
  /** One photo is done with. @param known it was enrolled before, and took no time */
  readonly onPhoto: (known: boolean) => void;
  /** Once it is aborted nothing further is sent; what is on its way is still waited for. */
  readonly stop?: AbortSignal;
  readonly pause?: (ms: number) => Promise<unknown>;
}

export interface ImportCounts {
  enrolled: number;
  /** Enrolled by an earlier run, as the report says. */
  before: number;
  refused: number;
  unanswered: number;
  /** How many were refused for which reason. */
  readonly reasons: Record<string, number>;
}

/**
 * Enrols people by a running gate, several at a time and the photos of one person one after the other. What became of each photo is in the
 * report before the next one of that person is sent. Who has no id gets one here: a photo that is sent again after an answer was lost goes to
 * the same person.
 * @throws OperatingError KAIMON_KEYS where the gate takes nothing of this client, KAIMON_FILE_WRITE
 */
export async function importPhotos(parts: ImportParts): Promise<ImportCounts> {
  const { people, limits, report, newId, onPhoto, stop } = parts;
  const counts: ImportCounts = { enrolled: 0, before: 0, refused: 0, unanswered: 0, reasons: {} };
  let next = 0;
  let silent = 0;
  const worker = async () => {
    for (let person = people[next++]; person; person = people[next++]) {
      const earlier = person.photos.map(({ name }) => report.of(name));
      const id = person.args.id ?? earlier.find((line) => line !== undefined)?.person ?? newId();
      for (const [at, photo] of person.photos.entries()) {
        if (silent >= GIVE_UP || stop?.aborted) return;
        const known = earlier[at]?.status === 'enrolled';
        if (known) counts.before += 1;
        else {
          const line = await importOne(parts, person, id, photo);
          report.add(line);
          if (line.status === 'unanswered') silent += 1;
          else silent = 0;
          if (line.status !== 'sent') counts[line.status] += 1;
          if (line.code !== undefined) counts.reasons[line.code] = (counts.reasons[line.code] ?? 0) + 1;
        }
        onPhoto(known);
      }
    }
  };
  const depth = limits.slowQueue === undefined ? OLDER_GATE : Math.max(1, Math.floor(limits.slowQueue / 2));
  const workers = Math.min(parts.inFlight, depth, people.length);
  await Promise.all(Array.from({ length: workers }, worker));
  const left = people.reduce((sum, { photos }) => sum + photos.length, 0) - total(counts);
  counts.unanswered += left;
  return counts;
}

const total = ({ enrolled, before, refused, unanswered }: ImportCounts): number =>
  enrolled + before + refused + unanswered;

async function importOne(
  { ask, limits, report, stop, pause: wait = pause }: ImportParts,
  { args }: ListedPerson,
  person: string,
  { name, file }: ListedPhoto,
): Promise<ReportLine> {
  const refused = (code: string, message: string): ReportLine => ({
    photo: name,
    status: 'refused',
    person,
    code,
    message,
  });
  let photo: string;
  try {
    photo = (await readPlainFile(file, Math.floor((limits.enrollBytes - 4_096) * 0.75))).toString('base64');
  } catch (thrown) {
    return refused('unreadable', messageOf(thrown));
  }
  report.add({ photo: name, status: 'sent', person });
  let busy = 0;
  for (let silent = 0; silent < SILENT_MAX && busy < BUSY_MAX && (silent + busy === 0 || !stop?.aborted); ) {
    const answer = await asked(() => ask({ ...args, id: person, photo }));
    if (answer === undefined) silent += 1;
    else if (answer.ok) return { photo: name, status: 'enrolled', person };
    else {
      const { code, message, retryAfterMs } = answer.error;
      // It counts, and the gate goes on trying to save it.
      if (code === 'not-saved') return { photo: name, status: 'enrolled', person, code, message };
      if (code === 'busy') {
        busy += 1;
        await wait(retryAfterMs ?? BUSY_MS);
      } else if (code === 'expired') silent += 1;
      else if (SHUT_OUT.includes(code))
        throw new OperatingError('KAIMON_KEYS', `the gate takes no photo of this client: ${message}; see --key`);
      else return refused(code, message);
    }
  }
  const message = 'the gate gave no answer: is it running, and are its clock and this one right? Run the command again';
  return { photo: name, status: 'unanswered', person, message };
}

/** A broker that is away for a moment is as no answer. */
async function asked(ask: () => Promise<Response | undefined>): Promise<Response | undefined> {
  try {
    return await ask();
  } catch (thrown) {
    if (thrown instanceof OperatingError) return undefined;
    throw thrown;
  }
}

/** The number of photos in flight at a gate whose queue holds so many bytes. */
export function inFlightFor(wanted: number, largest: number, { slowQueueBytes }: GateLimits): number {
  if (slowQueueBytes === undefined) return wanted;
  return Math.max(1, Math.min(wanted, Math.floor(slowQueueBytes / 2 / overhead(largest))));
}
