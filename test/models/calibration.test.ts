import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Calibration, calibrationFile, readCalibration, writeCalibration } from '../../src/models/calibration.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kaimon-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const one = (threshold: number, from: 'measured' | 'extended' = 'measured') => ({ threshold, from });
const calibration: Calibration = {
  schema: 1,
  encoder: 'openface@0123456789ab',
  measured: '2026-11-24T18:00:00.000Z',
  people: 60,
  impostorPairs: 1770,
  thresholds: {
    '1e-2': one(1.3),
    '1e-3': one(1.1, 'extended'),
    '1e-4': one(0.9, 'extended'),
    '1e-5': one(0.7, 'extended'),
  },
};

test('what is written is read again, also where the state folder was missing', async () => {
  const file = calibrationFile(join(folder, 'not', 'there'));
  expect(readCalibration(file)).toBeUndefined();
  await writeCalibration(file, calibration);
  expect(readCalibration(file)).toEqual(calibration);
});

test.each([
  ['text that is not JSON', 'thresholds'],
  [
    'thresholds that rise',
    JSON.stringify({ ...calibration, thresholds: { ...calibration.thresholds, '1e-5': one(1.2) } }),
  ],
  [
    'a distance that is too large',
    JSON.stringify({ ...calibration, thresholds: { ...calibration.thresholds, '1e-2': one(9) } }),
  ],
])('a file with %s is refused with what to do, and no thresholds are guessed', async (_what, text) => {
  const file = calibrationFile(folder);
  await writeFile(file, text);
  expect(() => readCalibration(file)).toThrow(/run "kaimon calibrate" again, or remove it/);
});
