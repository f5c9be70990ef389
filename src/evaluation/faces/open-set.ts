// pure
import { encodeVector } from '../../kit/vector.js';
import { Gallery, type MatchRule, matchOf, type Ranking } from '../../person/gallery.js';
import { type Count, type Rate, rateByPerson } from '../figures.js';
import type { Sample } from './all-pairs.js';
import { evaluationPerson } from './evaluation-person.js';

/** One person of a set; a photo without a face has no embedding. */
export interface PersonPhotos {
  readonly person: string;
  readonly photos: readonly (Float32Array | undefined)[];
  /** What is enrolled in place of a photo's embedding, where that is another one. */
  readonly templates?: ReadonlyMap<Float32Array, Float32Array>;
}

/** One photo shown to a gallery. */
export interface Trial {
  readonly person: string;
  /** Undefined: no face was found, so there was nothing to compare. */
  readonly ranking: Ranking | undefined;
}

/** What one gallery met. */
export interface Draw {
  /** Photos of people in the gallery, without the enrolled ones. */
  readonly own: readonly Trial[];
  /** Every photo of all other people. */
  readonly strangers: readonly Trial[];
  /** Chosen people none of whose photos has a face. */
  readonly failedToEnrol: number;
}

/** A rate, its 95 % interval, and of how many trials. */
export interface CountedRate extends Rate {
  readonly n: number;
}

export interface OpenSetFigures {
  /** Share of strangers' photos that were taken for an enrolled person. */
  readonly fpir: CountedRate;
  /** Share of own photos that were not recognised as their person. */
  readonly fnir: CountedRate;
  /** Share of own photos that were taken for another person; part of `fnir`. */
  readonly misidentified: CountedRate;
  /** Why own photos were missed; adds up to the count behind `fnir`. */
  readonly missed: {
    readonly noFace: number;
    readonly nobody: number;
    readonly ambiguous: number;
    readonly misidentified: number;
  };
  readonly failedToEnrol: number;
}

/** The samples of a set, gathered by person, in the order in which they come. */
export function gatherByPerson(samples: Iterable<Sample>): PersonPhotos[] {
  const people = new Map<string, (Float32Array | undefined)[]>();
  const templates = new Map<Float32Array, Float32Array>();
  for (const { person, embedding, template } of samples) {
    const photos = people.get(person) ?? [];
    people.set(person, photos);
    photos.push(embedding);
    if (embedding && template) templates.set(embedding, template);
  }
  return [...people].map(([person, photos]) => ({ person, photos, ...(templates.size > 0 && { templates }) }));
}

/** The largest gallery of a set: each person in it has a second photo to try, and one person is left as a stranger. */
export function largestGallery(people: readonly PersonPhotos[]): number {
  return Math.max(0, Math.min(people.filter(hasTwo).length, people.length - 1));
}

const hasTwo = ({ photos }: PersonPhotos) => photos.length >= 2;

/**
 * Makes a gallery of `gallerySize` people with two or more photos, one photo each, and shows it all other photos. As an
 * installer would, another photo is taken where no face is found on the first; people without any face on their
 * photos are missing in the gallery, and their other photos count as missed. Comparisons: gallery size × photos, the product's own search.
 * @param gallerySize 1 … {@link largestGallery}
 */
export function drawOpenSet(
  people: readonly PersonPhotos[],
  gallerySize: number,
  encoder: string,
  random: () => number,
): Draw {
  const { gallery, probes, strangers, chosen } = drawGallery(people, gallerySize, encoder, random);
  const show = (person: string, photo: Float32Array | undefined): Trial => ({
    person,
    ranking: photo && gallery.rank(photo),
  });
  const shown = (rows: readonly PersonPhotos[]) =>
    rows.flatMap(({ person, photos }) => photos.map((photo) => show(person, photo)));
  return { own: shown(probes), strangers: shown(strangers), failedToEnrol: chosen - gallery.size };
}

/** A gallery drawn from a set, the photos of its people that are left, and everybody else. */
export interface DrawnGallery {
  readonly gallery: Gallery;
  readonly probes: readonly PersonPhotos[];
  readonly strangers: readonly PersonPhotos[];
  /** People who should be enrolled. */
  readonly chosen: number;
}

/** Enrols `gallerySize` people of a set with one photo each, as {@link drawOpenSet} says. */
export function drawGallery(
  people: readonly PersonPhotos[],
  gallerySize: number,
  encoder: string,
  random: () => number,
): DrawnGallery {
  const chosen = new Set(shuffled(people.filter(hasTwo), random).slice(0, gallerySize));
  const dimension = people.flatMap(({ photos }) => photos).find((photo) => photo !== undefined)?.length ?? 0;
  const gallery = new Gallery(encoder, dimension);
  const probes = [...chosen].map(({ person, photos, templates }) => {
    const order = shuffled(photos, random);
    const taken = Math.max(
      0,
      order.findIndex((photo) => photo !== undefined),
    );
    const photo = order[taken];
    if (photo) {
      const template = { encoder, vector: encodeVector(templates?.get(photo) ?? photo), quality: 1, added: '' };
      gallery.set(evaluationPerson(person, [template]));
    }
    return { person, photos: order.toSpliced(taken, 1) };
  });
  return { gallery, probes, strangers: people.filter((person) => !chosen.has(person)), chosen: chosen.size };
}

/** What a rule makes of the draws. `random` feeds the intervals: by person, over all draws. */
export function openSetFigures(draws: readonly Draw[], rule: MatchRule, random: () => number): OpenSetFigures {
  const missed = { noFace: 0, nobody: 0, ambiguous: 0, misidentified: 0 };
  const fnir = new Tallies();
  const misidentified = new Tallies();
  const fpir = new Tallies();
  for (const { own, strangers } of draws) {
    for (const trial of own) {
      const answer = answerTo(trial, rule);
      if (answer !== 'identified') missed[answer] += 1;
      fnir.add(trial.person, answer !== 'identified');
      misidentified.add(trial.person, answer === 'misidentified');
    }
    // Strangers are not in the gallery: taken for anybody, it is a mistake.
    for (const trial of strangers) fpir.add(trial.person, answerTo(trial, rule) === 'misidentified');
  }
  return {
    fpir: fpir.rate(random),
    fnir: fnir.rate(random),
    misidentified: misidentified.rate(random),
    missed,
    failedToEnrol: draws.reduce((sum, draw) => sum + draw.failedToEnrol, 0),
  };
}

/** From which threshold on each trial is accepted: a stranger as anybody, an own photo as its person; ascending. Trials never accepted are left out. */
export function thresholdsOfAcceptance(
  draws: readonly Draw[],
  margin: number,
): { readonly strangers: Float64Array; readonly own: Float64Array } {
  const loosest = { threshold: Number.POSITIVE_INFINITY, margin };
  const from = (trials: readonly Trial[], wanted: Answer) =>
    Float64Array.from(
      trials
        .filter((trial) => answerTo(trial, loosest) === wanted)
        .map(({ ranking }) => ranking?.best?.distance ?? Number.POSITIVE_INFINITY),
    ).sort();
  return {
    strangers: from(
      draws.flatMap(({ strangers }) => strangers),
      'misidentified',
    ),
    own: from(
      draws.flatMap(({ own }) => own),
      'identified',
    ),
  };
}

type Answer = 'identified' | 'misidentified' | 'nobody' | 'ambiguous' | 'noFace';

function answerTo({ person, ranking }: Trial, rule: MatchRule): Answer {
  if (!ranking) return 'noFace';
  const match = matchOf(ranking, rule);
  if (match.kind !== 'person') return match.kind;
  return match.best.id === person ? 'identified' : 'misidentified';
}

/** What happened, by person. */
export class Tallies {
  readonly #of = new Map<string, Count>();

  add(person: string, happened: boolean): void {
    const [yes, total] = this.#of.get(person) ?? [0, 0];
    this.#of.set(person, [yes + (happened ? 1 : 0), total + 1]);
  }

  rate(random: () => number): CountedRate {
    const people = [...this.#of.values()];
    return { ...rateByPerson(people, random), n: people.reduce((sum, [, total]) => sum + total, 0) };
  }
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}
