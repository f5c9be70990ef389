import type { PhotoAnswer } from '../eye/protocol.js';
import type { MeasuredFace } from '../face/observation.js';
import type { QualityLimits } from '../face/quality.js';
import { type Clock, iso } from '../kit/clock.js';
import { decodeVector } from '../kit/vector.js';
import { isUnit, squaredDistance } from '../person/distance.js';
import {
  type EnrolmentFault,
  extended,
  photoToEnrol,
  templateOf,
  tooNear,
  type WayUp,
} from '../person/enrolment-rules.js';
import type { Gallery } from '../person/gallery.js';
import { type IdKind, newId, type RandomBytes } from '../person/new-id.js';
import type { Language, Person, StoredTemplate } from '../person/person.js';
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
  /** Of the best photo taken. */
  readonly quality: number;
  /** The nearest other person and how far. */
  readonly nearest: { readonly id: string; readonly distance: number } | null;
  /** The id of the person whose face is too near, where that was overridden. */
  readonly forced: string | undefined;
  /** Ids of other people of this name: one person may have been enrolled twice. */
  readonly namesakes: readonly string[];
  /** How many of the photos given are kept: with more than `people.maxTemplates`, known ones included, the best are. */
  readonly kept: number;
  /** Enrolled, but the disk has refused it so far. */
  readonly unsaved: NotSaved | undefined;
}

/** A measured photo of one person. */
export type MeasuredPerson = WayUp & { readonly faces: readonly MeasuredFace[]; readonly encoder: string };

/** A photo that may be taken. */
interface GoodPhoto {
  readonly template: StoredTemplate;
  readonly nearest: Enrolled['nearest'];
  readonly forced: string | undefined;
}

/** Why one of several photos may not be taken; the words complete "the photo was not taken: …". */
export interface PhotoFault {
  /** Its number among the photos given, from 0. */
  readonly photo: number;
  readonly code: EnrolmentRefused['code'];
  readonly text: string;
}

/** Photos of one person, looked at; nothing is stored yet. */
export interface JudgedPhotos {
  readonly good: readonly GoodPhoto[];
  readonly faults: readonly PhotoFault[];
}

export interface EnrolmentParts {
  readonly store: PeopleStore;
  readonly gallery: Gallery;
  readonly clock: Clock;
  readonly limits: QualityLimits;
  readonly maxTemplates: number;
  /** How people who come without an id get one. */
  readonly ids: IdKind;
  readonly random: RandomBytes;
  /** The distance within which two people count as one. */
  readonly duplicateDistance: () => number;
}

/** Enrols people from measured photos: one photo is enough, more may come along or follow under the same id. */
export class Enrolment {
  readonly #parts: EnrolmentParts;

  constructor(parts: EnrolmentParts) {
    this.#parts = parts;
  }

  /** @throws EnrolmentRefused when the photo cannot be used; nothing is changed. */
  fromPhoto(answer: PhotoAnswer, data: EnrolmentData, by: string): Promise<Enrolled> {
    if (!answer.ok) throw photoRefused(answer);
    return this.#fromOne(answer, data, by);
  }

  /** The same from faces already measured. Resolves after the fsync, or when the disk has refused. @throws EnrolmentRefused */
  async fromFaces(faces: readonly MeasuredFace[], encoder: string, data: EnrolmentData, by: string): Promise<Enrolled> {
    return this.#fromOne({ faces, encoder, turned: 0 }, data, by);
  }

  async #fromOne(photo: MeasuredPerson, data: EnrolmentData, by: string): Promise<Enrolled> {
    const judged = this.judge([photo], data);
    const [fault] = judged.faults;
    if (fault) throw new EnrolmentRefused(fault.code, `the photo was not taken: ${fault.text}`);
    return this.take(judged, data, by);
  }

  /** Looks at photos of one person. Each must show whom the others, and the photos known already, show. Changes nothing. */
  judge(photos: readonly MeasuredPerson[], data: EnrolmentData): JudgedPhotos {
    const good: GoodPhoto[] = [];
    const faults: PhotoFault[] = [];
    photos.forEach((photo, at) => {
      const judged = this.#judgeOne(photo, data, good);
      if ('template' in judged) good.push(judged);
      else faults.push({ photo: at, ...judged });
    });
    return { good, faults };
  }

  #judgeOne(
    photo: MeasuredPerson,
    data: EnrolmentData,
    earlier: readonly GoodPhoto[],
  ): GoodPhoto | Omit<PhotoFault, 'photo'> {
    const { store, gallery, limits, clock, duplicateDistance } = this.#parts;
    const found = photoToEnrol(photo, limits);
    if ('fault' in found) return found.fault;
    const probe = decodeVector(found.face.embedding);
    if (photo.encoder !== gallery.encoder || probe.length !== gallery.dimension || !isUnit(probe))
      return { code: 'model-fault', text: 'the eye gave an embedding that cannot be used' };
    const known = data.id === undefined ? undefined : store.get(data.id);
    const others = gallery.rank(probe, known?.id);
    const near = tooNear(others, duplicateDistance());
    if (!data.force) {
      if (near) return near;
      const fault = this.#otherPerson(known, data.name, probe, earlier);
      if (fault) return fault;
    }
    const template = templateOf(found.face, photo.encoder, iso(clock.wall()));
    const nearest = others.best ? { id: others.best.id, distance: others.best.distance } : null;
    return { template, nearest, forced: near && others.best?.id };
  }

  /**
   * Stores the good photos in one step: all of them, or on an error none. Resolves after the fsync, or when the disk has refused.
   * @throws EnrolmentRefused when there is none, or the data contradicts what is known
   */
  async take({ good }: JudgedPhotos, data: EnrolmentData, by: string): Promise<Enrolled> {
    const { store, gallery, maxTemplates, ids, random } = this.#parts;
    const [first] = good;
    if (!first) throw new EnrolmentRefused('bad-request', 'none of the photos can be used');
    const known = data.id === undefined ? undefined : store.get(data.id);
    const fresh = good.map(({ template }) => template);
    const templates = extended(known?.templates ?? [], fresh, gallery.encoder, maxTemplates);
    const id = data.id ?? newId(ids, data.name, (candidate) => store.everUsed(candidate), random);
    const { person, unsaved } = await this.#put({ ...this.#record(id, known, data, templates), by });
    const nearest = good.reduce<Enrolled['nearest']>(
      (least, photo) => (photo.nearest && (!least || photo.nearest.distance < least.distance) ? photo.nearest : least),
      null,
    );
    return {
      person,
      quality: Math.max(...fresh.map(({ quality }) => quality)),
      nearest,
      forced: good.find(({ forced }) => forced !== undefined)?.forced,
      namesakes: [...store.all()]
        .filter((other) => other.name === person.name && other.id !== id)
        .map((other) => other.id),
      kept: templates.filter((template) => fresh.includes(template)).length,
      unsaved,
    };
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
    templates: StoredTemplate[],
  ): Omit<Person, 'version' | 'by'> {
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

  /** An id never passes to another person: a further photo must show the one whom the id, or the photo before it, stands for. */
  #otherPerson(
    known: Person | undefined,
    name: string,
    probe: Float32Array,
    earlier: readonly GoodPhoto[],
  ): Omit<PhotoFault, 'photo'> | undefined {
    const { gallery, duplicateDistance } = this.#parts;
    const distances = earlier.map(({ template }) => squaredDistance(probe, decodeVector(template.vector)));
    const toKnown = known && gallery.distanceTo(known.id, probe);
    if (toKnown !== undefined) distances.push(toKnown);
    if (distances.length === 0) {
      // Templates of another encoder cannot be compared: then the name must be the person's.
      if (!known || name === known.name) return undefined;
      const text = `"${known.id}" is called ${known.name}, not ${name}, and has no photo to compare with: give the right name, another id, or force it`;
      return { code: 'bad-request', text };
    }
    const distance = Math.min(...distances);
    if (distance <= duplicateDistance()) return undefined;
    const whom = toKnown !== undefined && known ? `"${known.id}"` : 'the person of the photos before it';
    const figures = `distance ${distance.toFixed(2)}, at most ${duplicateDistance().toFixed(2)} allowed`;
    return { code: 'bad-request', text: `it does not show ${whom} (${figures}): give another id, or force it` };
  }
}

/** What the request gives, null included; otherwise what is known. */
const given = <T>(wanted: T | null | undefined, known: T | null | undefined): T | null =>
  wanted === undefined ? (known ?? null) : wanted;

/** Why the eye could not measure a photo. */
export const photoRefused = ({ reason, message }: Extract<PhotoAnswer, { ok: false }>): EnrolmentRefused =>
  new EnrolmentRefused(codeOf(reason), `the photo was not taken: ${message}`);

function codeOf(reason: 'unusable' | 'busy' | 'fault'): EnrolmentRefused['code'] {
  if (reason === 'unusable') return 'bad-request';
  return reason === 'busy' ? 'busy' : 'model-fault';
}
