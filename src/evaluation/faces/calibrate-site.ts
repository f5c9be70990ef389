import { type Calibration, writeCalibration } from '../../models/calibration.js';
import { encoderId, findModel, MATCH_RATES } from '../../models/manifest.js';
import { loadManifest } from '../../models/model-files.js';
import { chooseForVisits } from '../../person/thresholds.js';
import type { EvaluationContext, Findings } from '../context.js';
import { allPairs, type ImpostorPair, nearestImpostors } from './all-pairs.js';
import { calibrate, strictestRate } from './calibrate.js';
import { listImages, measureAll, personOf } from './image-set.js';
import { gatherByPerson } from './open-set.js';
import { stricter, visitFactors } from './visit-factors.js';

/** What `kaimon calibrate` is asked for. */
export interface CalibrationQuestion {
  readonly workers: number;
  /** Writes nothing. */
  readonly dryRun?: boolean;
}

/** The calibration, and what it was made from. */
export interface CalibrationResult extends Calibration {
  readonly photos: number;
  /** The threshold of a whole approach, when these people are enrolled with one photo each. */
  readonly approach: { readonly agree: number; readonly templates: number; readonly threshold: number };
  /** Photos on which a face was found. */
  readonly faces: number;
  /** Pairs of photos that may show one person in two folders. */
  readonly nearest: readonly ImpostorPair[];
  /** Null: nothing was written. */
  readonly written: string | null;
}

/** Pairs that are shown, because one person in two folders spoils the thresholds. */
const SUSPECTS = 5;

/**
 * Thresholds from photos of the site's own people, for the encoder of the configuration; they replace the site's
 * calibration file. @param folder one folder a person
 * @throws OperatingError KAIMON_IMAGES, KAIMON_CALIBRATION_SMALL, KAIMON_CALIBRATION, or when the eye cannot work
 */
export async function calibrateSite(
  context: EvaluationContext,
  folder: string,
  { workers, dryRun = false }: CalibrationQuestion,
): Promise<Findings<CalibrationResult>> {
  const model = findModel(loadManifest(undefined, context.networks), 'encoder', context.config.encoder);
  const images = listImages(folder);
  const { samples } = await measureAll(context, images, workers);
  // A photo without a face says nothing about distances.
  const seen = [...samples].filter(([, { embedding }]) => embedding);
  const distances = allPairs(seen.map(([, sample]) => sample));
  const people = new Set(seen.map(([name]) => personOf(name))).size;
  const thresholds = calibrate(distances, people, model.thresholds);
  const own = visitFactors(gatherByPerson(samples.values()), thresholds[strictestRate(people)].threshold);
  const calibration: Calibration = {
    schema: 1,
    encoder: encoderId(model),
    measured: new Date().toISOString(),
    people,
    impostorPairs: distances.impostorTotal,
    thresholds,
    ...(own && { visit: stricter(own, model.visit) }),
  };
  const nearest = nearestImpostors(new Map(seen), SUSPECTS);
  if (!dryRun) await writeCalibration(context.calibrationFile, calibration);
  const written = dryRun ? null : context.calibrationFile;
  const curve = { ...thresholds, visit: calibration.visit ?? model.visit };
  const { threshold } = chooseForVisits(curve, context.config.decision, people);
  const approach = { agree: context.config.decision.agree, templates: people, threshold };
  const result = { ...calibration, approach, photos: images.size, faces: seen.length, nearest, written };
  return { figures: result, lines: linesOf(result) };
}

const MEANING: Readonly<Record<Calibration['thresholds']['1e-2']['from'], string>> = {
  measured: 'measured',
  extended: 'continued from the rates that were measured',
  release: "the release's, which is stricter",
};

const visitOf = ({ visit }: CalibrationResult): string =>
  visit
    ? `${(['1', '2', '3'] as const).map((frames) => visit[frames].toFixed(1)).join(', ')} photos where 1, 2, 3 frames may decide (measured; no less than the release's)`
    : 'what the release says: too few people here have three photos to measure it';

const linesOf = (result: CalibrationResult): readonly string[] => [
  `${result.encoder}: ${result.people} people, ${result.impostorPairs} pairs of different people, a face on ${result.faces} of ${result.photos} photos`,
  ...MATCH_RATES.map((rate) => {
    const { threshold, from } = result.thresholds[rate];
    return `  FMR ${rate}: threshold ${threshold.toFixed(4)} (${MEANING[from]})`;
  }),
  `  a visit of a stranger is worth ${visitOf(result)}`,
  `  by approach: threshold ${result.approach.threshold.toFixed(4)} with ${result.approach.templates} photos enrolled, from ${result.approach.agree} frames on`,
  'Nearest photos of different people; look at them, one person in two folders spoils the thresholds:',
  ...result.nearest.map(({ a, b, distance }) => `  ${distance.toFixed(3)}  ${a}  ${b}`),
  result.written === null
    ? 'Nothing was written.'
    : `Written to ${result.written}: restart the gate to use it, remove it to go back.`,
];
