/** The networks of a gate, which starts without them whatever is wrong with them: door, button, fire and requests need none. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Opening } from '../config/opening.js';
import { networksFolder } from '../config/paths.js';
import { explain } from '../kit/errors.js';
import { LATE_MS } from '../kit/files/late.js';
import { readPlainFile } from '../kit/files/plain-file.js';
import { endsWithin } from '../kit/within.js';
import { NO_ENCODER } from '../person/person.js';
import { type ThresholdCurve, usableCurve } from '../person/thresholds.js';
import { type Calibration, calibrationFile, readCalibration } from './calibration.js';
import { encoderId, findModel, type Manifest } from './manifest.js';
import {
  ADDED_MAX,
  assertModels,
  inReleaseFolder,
  loadManifest,
  MANIFEST_BYTES_MAX,
  projectRoot,
} from './model-files.js';
import { chooseModels, type ModelSet } from './model-set.js';

export interface GateModels extends ModelSet {
  readonly curve: ThresholdCurve;
  /** Why no face can be recognised now; undefined where nothing stands against it. Files that were missing may be there later. */
  readonly whyBlind: () => Promise<string | undefined>;
}

/** Nobody is as near as this. */
const NOBODY: ThresholdCurve = {
  '1e-2': { threshold: 0 },
  '1e-3': { threshold: 0 },
  '1e-4': { threshold: 0 },
  '1e-5': { threshold: 0 },
};

const NO_NETWORK = { file: '', input: { width: 8, height: 8, colour: 'grey' as const, mean: [0], scale: 1 } };
/** Stands in for networks that are not known; the eye is never started with it. */
const NO_MODELS: ModelSet = {
  models: {
    confirmer: NO_NETWORK,
    landmarks: NO_NETWORK,
    encoder: {
      ...NO_NETWORK,
      id: NO_ENCODER,
      dimension: 1,
      template: { size: 8, fit: 'similarity', points: [] },
    },
    liveness: [],
  },
  encoder: NO_ENCODER,
  dimension: 1,
  curve: null,
};

/**
 * As {@link openModels}, which reads at once: on a disk that hangs, a share that is gone, it would hold up the door with all the rest. So it is asked
 * first whether what is to be read can be read.
 * @param ask resolves when a place answers, whatever it does; for tests
 */
export async function openModelsInTime(
  opening: Pick<Opening, 'config' | 'paths' | 'clock'> & Partial<Pick<Opening, 'warnings'>>,
  ask: (place: string) => Promise<void> = readAnyhow,
): Promise<GateModels> {
  const { state } = opening.paths;
  const root = attempt(projectRoot);
  const release = 'got' in root ? [join(root.got, 'models')] : [];
  // One after the other: each that hangs takes one of the few threads that read and write files for all.
  for (const place of [...release, networksFolder(state), calibrationFile(state)])
    if (!(await endsWithin(opening.clock, LATE_MS, ask(place))))
      return blind(NO_MODELS, `${place} does not answer: check its disk`);
  return openModels(opening);
}

/** Reads what {@link openModels} does of a file or of the entries in a folder. What is wrong with it shows there. */
async function readAnyhow(place: string): Promise<void> {
  const names = await readdir(place).catch(() => []);
  const entries = names.filter((name) => name.endsWith('.json')).slice(0, ADDED_MAX + 1);
  for (const file of [place, ...entries.map((name) => join(place, name))])
    await readPlainFile(file, MANIFEST_BYTES_MAX).catch(() => undefined);
}

/**
 * The networks that the configuration names. Nothing is thrown, whatever is wrong with them, an encoder that nobody has included: a gate that
 * did not start for it would serve neither button nor fire alarm. What is wrong is for {@link GateModels.whyBlind}.
 * @param opening.warnings gets what is to be told of networks that work
 * @param load for tests
 */
export function openModels(
  { config, paths, warnings = [] }: Pick<Opening, 'config' | 'paths'> & Partial<Pick<Opening, 'warnings'>>,
  load = loadManifest,
): GateModels {
  const networks = networksFolder(paths.state);
  const manifest = attempt(() => load(undefined, networks));
  if ('why' in manifest) return blind(NO_MODELS, manifest.why);
  const passing = attempt(() => inReleaseFolder(manifest.got, networks));
  warnings.push(...('why' in passing ? [`network-in-release: ${passing.why}`] : passing.got));
  const calibration = attempt(() => readCalibration(calibrationFile(paths.state)));
  const chosen = attempt(() => choose(manifest.got, config, 'got' in calibration ? calibration.got : undefined));
  // Whose templates the people have may be known all the same.
  if ('why' in chosen) return blind(encoderAlone(manifest.got, config.encoder), chosen.why);
  const { set, names } = chosen.got;
  if ('why' in calibration) return blind(set, calibration.why);
  const curve = attempt(() => usableCurve(set.curve, set.encoder, config.decision.threshold));
  if ('why' in curve) return blind(set, curve.why);
  const whyBlind = () =>
    assertModels(manifest.got, names).then(
      () => undefined,
      (thrown: unknown) => explain(thrown),
    );
  return { ...set, curve: curve.got, whyBlind };
}

type Attempt<T> = { readonly got: T } | { readonly why: string };

/** Also of a defect: the door is worth more than the report of a crash, and the sentence is told all the same. */
function attempt<T>(act: () => T): Attempt<T> {
  try {
    return { got: act() };
  } catch (thrown) {
    return { why: explain(thrown) };
  }
}

const choose = (manifest: Manifest, { encoder, liveness }: Opening['config'], calibration: Calibration | undefined) =>
  chooseModels(manifest, { encoder, liveness: liveness.enabled }, calibration);

/** Of the encoder what is known of it; where nothing is, nobody's. */
function encoderAlone(manifest: Manifest, name: string): ModelSet {
  const found = attempt(() => findModel(manifest, 'encoder', name));
  if ('why' in found) return NO_MODELS;
  return { ...NO_MODELS, encoder: encoderId(found.got), dimension: found.got.output.dimension };
}

/** Networks with which nobody is recognised until the gate is started again. */
const blind = (set: ModelSet, why: string): GateModels => ({
  ...set,
  curve: NOBODY,
  whyBlind: () => Promise.resolve(`${why}; then restart the gate`),
});
