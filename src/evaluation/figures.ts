// pure
/** A probability with its 95 % interval. */
export interface Rate {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** Distances of all pairs; a failed detection has no distance and counts as a refusal in the totals. */
export interface PairDistances {
  /** Ascending. */
  readonly impostor: Float32Array;
  readonly impostorTotal: number;
  /** By person, for intervals: pairs of one person are not independent. */
  readonly genuine: readonly { readonly distances: readonly number[]; readonly total: number }[];
}

/** The largest threshold at which at most `fmr` of all impostor pairs match. */
export function thresholdAt(fmr: number, { impostor, impostorTotal }: PairDistances): number {
  const allowed = Math.floor(fmr * impostorTotal);
  if (impostor.length <= allowed) return 4;
  // Just below the first pair too many.
  return Math.max(0, (impostor[allowed] as number) - 1e-6);
}

const accepted = (distances: readonly number[], threshold: number) =>
  distances.reduce((n, d) => n + (d <= threshold ? 1 : 0), 0);

/** Randomness of evaluations starts here, so that the same set gives the same figures. */
export const SEED = 20_261_124;

const RESAMPLES = 1000;

/** What happened to one person's photos or pairs: how often, out of how many. */
export type Count = readonly [happened: number, total: number];

/**
 * A rate over people with its bootstrap interval: people are drawn again, with all that is theirs, because photos of one
 * person are not independent. Seeded, so repeatable. What never (or always) happened shows a bootstrap no spread: there
 * the exact binomial bound takes its place, each person counted as one trial.
 */
export function rateByPerson(people: readonly Count[], random: () => number): Rate {
  const ratio = (rows: readonly Count[]) => {
    let yes = 0;
    let all = 0;
    for (const [happened, total] of rows) {
      yes += happened;
      all += total;
    }
    return all === 0 ? 0 : yes / all;
  };
  const rate = ratio(people);
  if (people.length === 0) return { rate, low: 0, high: 0 };
  const room = 1 - 0.025 ** (1 / people.length);
  if (rate === 0) return { rate, low: 0, high: room };
  if (rate === 1) return { rate, low: 1 - room, high: 1 };
  const draws = Array.from({ length: RESAMPLES }, () =>
    ratio(people.map(() => people[Math.floor(random() * people.length)] as Count)),
  ).sort((a, b) => a - b);
  const at = (share: number) => draws[Math.round(share * (RESAMPLES - 1))] ?? 0;
  return { rate, low: Math.min(rate, at(0.025)), high: Math.max(rate, at(0.975)) };
}

/** Share of genuine pairs at or below the threshold, with its interval over people. */
export function tarAt(threshold: number, { genuine }: PairDistances, random: () => number): Rate {
  return rateByPerson(
    genuine.map(({ distances, total }) => [accepted(distances, threshold), total] as const),
    random,
  );
}

/** Equal error rate: where the share of matching impostors meets that of refused genuine pairs. */
export function equalErrorRate({ impostor, impostorTotal, genuine }: PairDistances): number {
  const own = genuine.flatMap(({ distances }) => distances).sort((a, b) => a - b);
  const total = genuine.reduce((sum, person) => sum + person.total, 0);
  let yes = 0;
  for (let i = 0; i < impostor.length; i++) {
    const threshold = impostor[i] as number;
    while (yes < own.length && (own[yes] as number) <= threshold) yes += 1;
    const fnmr = 1 - yes / total;
    // The two meet where the first one jumps from i to i + 1 pairs, or before it, where the second one fell.
    if ((i + 1) / impostorTotal >= fnmr) return Math.max(i / impostorTotal, fnmr);
  }
  return 1 - yes / total;
}

/** A judged pair; no distance: a face was not found. */
export interface JudgedPair {
  readonly same: boolean;
  readonly fold: number;
  readonly distance: number | undefined;
}

/**
 * Accuracy by cross-validation: for each fold the threshold that is best on the others. A pair without a distance counts
 * as refused. @returns mean and standard deviation over folds
 */
export function foldAccuracy(
  pairs: readonly JudgedPair[],
  folds: number,
): { readonly accuracy: number; readonly sd: number } {
  const distance = (pair: JudgedPair) => pair.distance ?? Number.POSITIVE_INFINITY;
  const right = (rows: readonly JudgedPair[], threshold: number) =>
    rows.filter((pair) => distance(pair) <= threshold === pair.same).length;
  const accuracies = Array.from({ length: folds }, (_, fold) => {
    const test = pairs.filter((pair) => pair.fold === fold);
    const rest = folds === 1 ? test : pairs.filter((pair) => pair.fold !== fold);
    return right(test, bestThreshold(rest)) / test.length;
  });
  const accuracy = accuracies.reduce((sum, value) => sum + value, 0) / folds;
  const variance = accuracies.reduce((sum, value) => sum + (value - accuracy) ** 2, 0) / Math.max(1, folds - 1);
  return { accuracy, sd: Math.sqrt(variance) };
}

function bestThreshold(pairs: readonly JudgedPair[]): number {
  const sorted = pairs
    .filter((pair) => pair.distance !== undefined)
    .sort((a, b) => (a.distance ?? 0) - (b.distance ?? 0));
  // Starting with nothing accepted, each further pair is a point won or lost.
  let score = 0;
  let best = 0;
  let threshold = 0;
  sorted.forEach((pair, i) => {
    score += pair.same ? 1 : -1;
    if (score <= best) return;
    best = score;
    const next = sorted[i + 1]?.distance ?? 4;
    threshold = ((pair.distance ?? 0) + next) / 2;
  });
  return threshold;
}
