import type { PhotoAnswer } from '../eye/protocol.js';
import type { Observation } from '../face/observation.js';
import type { QualityLimits } from '../face/quality.js';
import { type Clock, iso, wallMs } from '../kit/clock.js';
import { decodeVector } from '../kit/vector.js';
import { isUnit } from '../person/distance.js';
import { photoToEnrol } from '../person/enrolment-rules.js';
import type { Gallery } from '../person/gallery.js';
import { RequestError } from '../site/messages.js';
import type { GateHandlers } from '../site/requests/request-server.js';
import type { PeopleStore } from '../store/people-store.js';
import { type MeasuredPerson, photoRefused } from './enrolment.js';
import type { RequestReports } from './request-reports.js';

export interface CameraRequestParts {
  readonly store: Pick<PeopleStore, 'get'>;
  readonly gallery: Pick<Gallery, 'encoder' | 'dimension' | 'distanceTo'>;
  readonly limits: QualityLimits;
  readonly measurePhoto: (photo: Buffer) => Promise<PhotoAnswer>;
  /** The eye's newest observation, however old. */
  readonly newestObservation: () => Observation | undefined;
  /** A JPEG of the newest frame, undefined where there is none; undefined where nobody may ask for it (`mqtt.snapshots`). */
  readonly snapshot: (() => Promise<Buffer | undefined>) | undefined;
  /** The distance within which a photo shows the person whose id was given, who has so many templates. */
  readonly claimThreshold: (templates: number) => number;
  readonly reports: Pick<RequestReports, 'snapshotTaken' | 'verified'>;
  readonly clock: Clock;
}

/** An older frame may show another person than the one who stands there. */
const SEEN_AGE_MS = 1000;
/** Bytes of a picture in an answer: a camera of 4 megapixels at this quality has 1.5 MB. */
const SNAPSHOT_MAX = 3 * 1024 * 1024;

/** The requests that look through the camera, or at a photo, and change nothing: no door moves by them. */
export function cameraRequests(parts: CameraRequestParts): Pick<GateHandlers, 'snapshot' | 'verify'> {
  return {
    snapshot: async (_args, { by }) => {
      if (!parts.snapshot) throw new RequestError('not-allowed', 'this gate gives no pictures: mqtt.snapshots is off');
      const { takenMs } = seenNow(parts);
      const picture = await parts.snapshot();
      if (!picture) throw nothingSeen();
      if (picture.byteLength > SNAPSHOT_MAX) {
        const why = `the picture has ${picture.byteLength} bytes, at most ${SNAPSHOT_MAX} are sent: set a smaller camera.width and camera.height`;
        throw new RequestError('too-large', why);
      }
      parts.reports.snapshotTaken(by);
      const { clock } = parts;
      const time = iso(wallMs(clock.wall() - (clock.monotonic() - takenMs)));
      return { time, type: 'image/jpeg', bytes: picture.byteLength, photo: picture.toString('base64') };
    },
    verify: async ({ id, photo }, { by }) => {
      if (!parts.store.get(id)) throw new RequestError('unknown-person', `nobody of the id "${id}" is enrolled`);
      const measured = photo ? await measuredPhoto(parts, photo) : { ...seenNow(parts), turned: 0 };
      const result = compare(parts, id, measured);
      parts.reports.verified(id, by, result.same);
      return { id, ...result };
    },
  };
}

async function measuredPhoto({ measurePhoto }: CameraRequestParts, photo: Uint8Array): Promise<MeasuredPerson> {
  const answer = await measurePhoto(Buffer.from(photo));
  if (answer.ok) return answer;
  const { code, message } = photoRefused(answer);
  throw new RequestError(code, message);
}

function compare(
  { store, gallery, limits, claimThreshold }: CameraRequestParts,
  id: string,
  photo: MeasuredPerson,
): { readonly same: boolean; readonly distance: number; readonly threshold: number } {
  const found = photoToEnrol(photo, limits);
  if ('fault' in found) throw new RequestError(found.fault.code, `the photo cannot be used: ${found.fault.text}`);
  const probe = decodeVector(found.face.embedding);
  if (photo.encoder !== gallery.encoder || probe.length !== gallery.dimension || !isUnit(probe))
    throw new RequestError('model-fault', 'the eye gave an embedding that cannot be used');
  // Removed meanwhile, or without a template of the encoder in use.
  const distance = gallery.distanceTo(id, probe);
  if (distance === undefined)
    throw new RequestError('unknown-person', `"${id}" has no photo that can be compared here: enrol the person again`);
  const own = store.get(id)?.templates.filter(({ encoder }) => encoder === gallery.encoder).length ?? 1;
  const threshold = claimThreshold(own);
  return { same: distance <= threshold, distance: rounded(distance), threshold };
}

/** To one decimal: whoever changes a photo a little and asks again must not learn by the exact number whether it came nearer. */
const rounded = (distance: number): number => Math.round(distance * 10) / 10;

/** What the camera sees at this moment. @throws RequestError stale */
export function seenNow({
  newestObservation,
  clock,
}: Pick<CameraRequestParts, 'newestObservation' | 'clock'>): Observation {
  const seen = newestObservation();
  if (!seen || clock.monotonic() - seen.takenMs > SEEN_AGE_MS) throw nothingSeen();
  return seen;
}

const nothingSeen = (): RequestError =>
  new RequestError('stale', 'the camera shows nothing at the moment: see the state of camera and eye');
