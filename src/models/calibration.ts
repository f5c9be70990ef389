import { dirname, join } from 'node:path';
import { z } from 'zod';
import { explain, OperatingError } from '../kit/errors.js';
import { writeFileAtomic } from '../kit/files/atomic-file.js';
import { type DocumentFormat, migrated } from '../kit/files/format.js';
import { makeFolder } from '../kit/files/make-folder.js';
import { readPlainFileSync } from '../kit/files/plain-file.js';
import { MATCH_RATES, visitSchema } from './manifest.js';

const thresholdSchema = z.strictObject({
  /** Squared Euclidean distance, 0…4. */
  threshold: z.number().min(0).max(4),
  /** `measured`: enough pairs showed it. `extended`: a straight line from the rates that were. `release`: the manifest's was stricter. */
  from: z.enum(['measured', 'extended', 'release']),
});

/** Thresholds that a site measured with photos of its own people. */
export const calibrationSchema = z
  .strictObject({
    schema: z.literal(1),
    /** `<name>@<digest>`: the thresholds mean nothing for another encoder. */
    encoder: z.string().max(100),
    /** ISO 8601. */
    measured: z.iso.datetime(),
    people: z.int().min(2),
    impostorPairs: z.int().min(1),
    thresholds: z.strictObject({
      '1e-2': thresholdSchema,
      '1e-3': thresholdSchema,
      '1e-4': thresholdSchema,
      '1e-5': thresholdSchema,
    }),
    /** What one visit is worth in single photos; absent in files of before, and where too few photos showed it. */
    visit: visitSchema.optional(),
  })
  .refine(
    ({ thresholds }) =>
      MATCH_RATES.every((rate, i) => {
        const looser = MATCH_RATES[i - 1];
        return looser === undefined || thresholds[rate].threshold <= thresholds[looser].threshold;
      }),
    'thresholds must not rise from 1e-2 to 1e-5',
  );
export type Calibration = z.infer<typeof calibrationSchema>;

/** The formats of calibration.json. */
export const CALIBRATION_FORMAT: DocumentFormat = { name: 'the thresholds of the site', key: 'schema', steps: [] };

const CALIBRATION_BYTES_MAX = 1024 * 1024;

/** The file in the state folder. */
export const calibrationFile = (state: string): string => join(state, 'calibration.json');

/**
 * Reads the site's own thresholds. @returns undefined where there is no such file.
 * @throws OperatingError KAIMON_CALIBRATION when it is there and cannot be used: the gate must not guess thresholds
 */
export function readCalibration(file: string): Calibration | undefined {
  try {
    const json: unknown = JSON.parse(readPlainFileSync(file, CALIBRATION_BYTES_MAX).toString('utf8'));
    return calibrationSchema.parse(migrated(json, CALIBRATION_FORMAT).document);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new OperatingError(
      'KAIMON_CALIBRATION',
      `${file} cannot be used (${explain(cause)}): run "kaimon calibrate" again, or remove it to decide by the thresholds of the release`,
      { cause },
    );
  }
}

/** Replaces the file as a whole; makes the state folder where it is missing. @throws OperatingError when it cannot be written */
export async function writeCalibration(file: string, calibration: Calibration): Promise<void> {
  try {
    await makeFolder(dirname(file), 0o700);
  } catch (cause) {
    throw new OperatingError(
      'KAIMON_CALIBRATION',
      `cannot make the folder ${dirname(file)} (${explain(cause)}): check the permissions above it`,
      { cause },
    );
  }
  await writeFileAtomic(file, [Buffer.from(`${JSON.stringify(calibration, null, 2)}\n`)], { mode: 0o644 });
}
