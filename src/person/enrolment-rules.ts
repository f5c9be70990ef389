// pure
import type { MeasuredFace } from '../face/observation.js';
import { type QualityLimits, qualityFault } from '../face/quality.js';
import type { Ranking } from './gallery.js';
import type { StoredTemplate } from './person.js';

/** Why a photo cannot be used to enrol a person. The words complete "the photo was not taken: …". */
export interface EnrolmentFault {
  readonly code: 'no-face' | 'several-faces' | 'too-small' | 'low-quality' | 'duplicate-person';
  readonly text: string;
}

/** A second face counts only from this share of the first one's height: passers-by in the background do not. */
const SECOND_FACE = 0.4;

/** The one face of an enrolment photo, or what is wrong with it. `faces` are largest first. */
export function faceToEnrol(
  faces: readonly MeasuredFace[],
  limits: QualityLimits,
): { readonly face: MeasuredFace } | { readonly fault: EnrolmentFault } {
  const [face] = faces;
  if (!face) return { fault: { code: 'no-face', text: 'no face was found in it' } };
  const large = faces.filter((other) => other.box.height >= face.box.height * SECOND_FACE);
  if (large.length > 1)
    return { fault: { code: 'several-faces', text: `${large.length} faces are in it: give a photo of one person` } };
  const fault = qualityFault(face.quality, limits);
  if (fault) return { fault: { code: fault.reason, text: `the face is ${fault.text}` } };
  return { face };
}

/** What is known of a photo besides its faces. */
export interface WayUp {
  /** Degrees by which it was turned; null: which way up it is cannot be told. */
  readonly turned: number | null;
}

/** The one face of a photo that a person brought, which may stand on its head or side. */
export function photoToEnrol(
  { faces, turned }: WayUp & { readonly faces: readonly MeasuredFace[] },
  limits: QualityLimits,
): { readonly face: MeasuredFace } | { readonly fault: EnrolmentFault } {
  if (turned !== null) return faceToEnrol(faces, limits);
  return {
    fault: { code: 'low-quality', text: 'which way up it is cannot be told: turn it so that the head is on top' },
  };
}

/**
 * Refuses a face that is too near to that of another person: the same person twice, or a look-alike whom the gate would
 * confuse with them.
 * @param others ranking of the new face among the other people who are enrolled.
 */
export function tooNear(others: Ranking, duplicateDistance: number): EnrolmentFault | undefined {
  const { best } = others;
  if (!best || best.distance > duplicateDistance) return undefined;
  return {
    code: 'duplicate-person',
    text: `the face is too near to "${best.id}" (distance ${best.distance.toFixed(2)}, more than ${duplicateDistance.toFixed(2)} is needed): the same person, or a look-alike; give that id to add a photo, or force it`,
  };
}

/** A measured face as it is stored. @param added ISO 8601 */
export const templateOf = (face: MeasuredFace, encoder: string, added: string): StoredTemplate => ({
  encoder,
  vector: face.template ?? face.embedding,
  quality: Math.round(face.quality.overall * 1000) / 1000,
  added,
});

/** The best `max` of the templates, in the order given; of equal ones the later, which is the newer. */
export function bestOf(templates: readonly StoredTemplate[], max: number): StoredTemplate[] {
  const ranked = templates
    .map((template, at) => ({ template, at }))
    .sort((a, b) => b.template.quality - a.template.quality || b.at - a.at);
  const kept = new Set(ranked.slice(0, max).map(({ at }) => at));
  return templates.filter((_, at) => kept.has(at));
}

/**
 * Templates after adding photos: the best of what was known and what is new, then those of other encoders as far as there is room. A photo
 * that is given again takes its own place.
 */
export function extended(
  known: readonly StoredTemplate[],
  fresh: readonly StoredTemplate[],
  encoder: string,
  max: number,
): StoredTemplate[] {
  const own = known.filter((template) => template.encoder === encoder);
  const older = own.filter(({ vector }) => !fresh.some((template) => template.vector === vector));
  const different = fresh.filter(({ vector }, at) => fresh.findIndex((other) => other.vector === vector) === at);
  return renewed(known, [...older, ...different], encoder, max);
}

/**
 * Templates after making them anew with `encoder`: the best of the fresh ones in place of its older ones, then those of other encoders
 * as far as there is room, newest first, so that one can go back.
 */
export function renewed(
  known: readonly StoredTemplate[],
  fresh: readonly StoredTemplate[],
  encoder: string,
  max: number,
): StoredTemplate[] {
  const best = bestOf(fresh, max);
  const others = known.filter((template) => template.encoder !== encoder);
  const room = max - best.length;
  return [...best, ...others.slice(Math.max(0, others.length - room))];
}
