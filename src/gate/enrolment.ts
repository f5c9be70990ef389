import type { PhotoAnswer } from '../eye/protocol.js';
import type { MeasuredFace } from '../face/observation.js';
import type { QualityLimits } from '../face/quality.js';
import { type Clock, iso } from '../kit/clock.js';
import { decodeVector } from '../kit/vector.js';
import { isUnit } from '../person/distance.js';
import { type EnrolmentFault, faceToEnrol, templateOf, tooNear } from '../person/enrolment-rules.js';
import type { Gallery } from '../person/gallery.js';
import { idFor, type Language, type Person, type StoredTemplate } from '../person/person.js';
import { isRemoval } from '../store/merge.js';
import { NotSaved } from '../store/not-saved.js';
import type { PeopleStore } from '../store/people-store.js';

/** Why nobody was enrolled; the code is one of MQTT's error codes. */
export class EnrolmentRefused extends Error {
  override readonly name = 'EnrolmentRefused';
  readonly code: EnrolmentFault['code'] | 'bad-request' | 'busy' | 'model-fault' | 'unknown-person';

  constructor(code: EnrolmentRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** What is known of the person besides the face. */
export interface EnrolmentData {
  readonly name: string;
  readonly id?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly language?: Language | null | undefined;
  readonly greeting?: string | null | undefined;
  readonly validFrom?: string | null | undefined;
  readonly validUntil?: string | null | undefined;
  /** Take the face although it is near another person's. */
  readonly force?: boolean | undefined;
}

export interface Enrolled {
  readonly person: Person;
  readonly quality: number;
  /** The nearest other person and how far. */
  readonly nearest: { readonly id: string; readonly distance: number } | null;
  /** The id of the person whose face is too near, where that was overridden. */
  readonly forced: string | undefined;
  /** Enrolled, but the disk has refused it so far. */
  readonly unsaved: NotSaved | undefined;
}

export interface EnrolmentParts {
  readonly store: PeopleStore;
  readonly gallery: Gallery;
  readonly clock: Clock;
  readonly limits: QualityLimits;
  readonly maxTemplates: number;
  /** The distance within which two people count as one. */
  readonly duplicateDistance: () => number;
}

/** Enrols people from measured photos: one photo is enough, more may follow under the same id. */
export class Enrolment {
  readonly #parts: EnrolmentParts;

  constructor(parts: EnrolmentParts) {
    this.#parts = parts;
  }

  /** @throws EnrolmentRefused when the photo cannot be used; nothing is changed. */
  fromPhoto(answer: PhotoAnswer, data: EnrolmentData, by: string): Promise<Enrolled> {
    if (!answer.ok) throw new EnrolmentRefused(codeOf(answer.reason), `the photo was not taken: ${answer.message}`);
    return this.fromFaces(answer.faces, answer.encoder, data, by);
  }

  /** The same from faces already measured. Resolves after the fsync, or when the disk has refused. @throws EnrolmentRefused */
  async fromFaces(faces: readonly MeasuredFace[], encoder: string, data: EnrolmentData, by: string): Promise<Enrolled> {
    const { store, gallery, limits, clock, duplicateDistance } = this.#parts;
    const found = faceToEnrol(faces, limits);
    if ('fault' in found) throw new EnrolmentRefused(found.fault.code, `the photo was not taken: ${found.fault.text}`);
    const probe = decodeVector(found.face.embedding);
    if (encoder !== gallery.encoder || probe.length !== gallery.dimension || !isUnit(probe))
      throw new EnrolmentRefused(
        'model-fault',
        'the photo was not taken: the eye gave an embedding that cannot be used',
      );
    const known = data.id === undefined ? undefined : store.get(data.id);
    const others = gallery.rank(probe, known?.id);
    const near = tooNear(others, duplicateDistance());
    if (!data.force) {
      if (near) throw new EnrolmentRefused(near.code, `the photo was not taken: ${near.text}`);
      if (known) this.#checkSamePerson(known, data.name, probe);
    }
    const template = templateOf(found.face, encoder, iso(clock.wall()));
    const id = data.id ?? idFor(data.name, (candidate) => store.everUsed(candidate));
    const { person, unsaved } = await this.#put({ ...this.#record(id, known, data, template), by });
    const nearest = others.best ? { id: others.best.id, distance: others.best.distance } : null;
    return { person, quality: template.quality, nearest, forced: near && others.best?.id, unsaved };
  }

  /** Who is in the store although the disk has refused is enrolled: that is told, not denied. */
  async #put(change: Omit<Person, 'version'>): Promise<{ person: Person; unsaved: NotSaved | undefined }> {
    try {
      return { person: await this.#parts.store.put(change), unsaved: undefined };
    } catch (thrown) {
      if (!(thrown instanceof NotSaved) || isRemoval(thrown.record)) throw thrown;
      return { person: thrown.record, unsaved: thrown };
    }
  }

  #record(
    id: string,
    known: Person | undefined,
    data: EnrolmentData,
    template: StoredTemplate,
  ): Omit<Person, 'version' | 'by'> {
    const templates = [...(known?.templates ?? []), template];
    const { maxTemplates } = this.#parts;
    if (templates.length > maxTemplates)
      throw new EnrolmentRefused(
        'bad-request',
        `"${id}" has ${maxTemplates} photos already, no more are allowed: remove the person and enrol anew`,
      );
    const [validFrom, validUntil] = [
      given(data.validFrom, known?.validFrom),
      given(data.validUntil, known?.validUntil),
    ];
    if (validFrom && validUntil && Date.parse(validFrom) >= Date.parse(validUntil))
      throw new EnrolmentRefused(
        'bad-request',
        `"${id}" would be valid from ${validFrom} until ${validUntil}: the end must be later`,
      );
    return {
      id,
      name: data.name,
      language: given(data.language, known?.language),
      greeting: given(data.greeting, known?.greeting),
      groups: [...(data.groups ?? known?.groups ?? [])],
      validFrom,
      validUntil,
      templates,
    };
  }

  /** An id never passes to another person: a further photo must show the one whom the id stands for. */
  #checkSamePerson(known: Person, name: string, probe: Float32Array): void {
    const { gallery, duplicateDistance } = this.#parts;
    const distance = gallery.distanceTo(known.id, probe);
    // Templates of another encoder cannot be compared: then the name must be the person's.
    if (distance === undefined ? name === known.name : distance <= duplicateDistance()) return;
    if (distance === undefined)
      throw new EnrolmentRefused(
        'bad-request',
        `"${known.id}" is called ${known.name}, not ${name}, and has no photo to compare with: give the right name, another id, or force it`,
      );
    throw new EnrolmentRefused(
      'bad-request',
      `the photo was not taken: it does not show "${known.id}" (distance ${distance.toFixed(2)}, at most ${duplicateDistance().toFixed(2)} allowed): give another id, or force it`,
    );
  }
}

/** What the request gives, null included; otherwise what is known. */
const given = <T>(wanted: T | null | undefined, known: T | null | undefined): T | null =>
  wanted === undefined ? (known ?? null) : wanted;

function codeOf(reason: 'unusable' | 'busy' | 'fault'): EnrolmentRefused['code'] {
  if (reason === 'unusable') return 'bad-request';
  return reason === 'busy' ? 'busy' : 'model-fault';
}
