import { z } from 'zod';
import { between, choice, fileOrNull, measure, milliseconds, whole } from '../field.js';

/** The search for proposals. */
export const haarSection = z.strictObject({
  cascade: fileOrNull("The Haar cascade; null takes the one of the distribution's opencv-data"),
  width: whole(
    'The grey picture is scaled down to this width before the search',
    { unit: 'pixels', min: 80, max: 1920 },
    240,
  ),
  scaleFactor: measure(
    'Step between face sizes; smaller is slower and finds a little more',
    { unit: 'factor', min: 1.01, max: 2 },
    1.15,
  ),
  minNeighbors: whole(
    'Overlapping hits that make a proposal; low is right, because every proposal is confirmed',
    { unit: 'hits', min: 0, max: 20 },
    1,
  ),
  minSizePx: whole(
    'Smallest face that is looked for, by its side in the full frame',
    { unit: 'pixels', min: 16, max: 2000 },
    80,
  ),
});

/** The network that confirms proposals. */
export const confirmSection = z.strictObject({
  score: measure('A proposal counts as a face from this score on', { unit: 'probability', min: 0.05, max: 1 }, 0.65),
  context: measure(
    'Side of the region that the confirming network sees, in sides of the proposal',
    { unit: 'factor', min: 1, max: 5 },
    2.5,
  ),
});

/** How often everything is measured where `everyFrame` is `needed`. */
export const paceSection = z.strictObject({
  decidingMs: whole(
    'Everything is measured after so long while somebody is there on whom nothing is decided yet',
    // At 15 frames a second nothing is left out while somebody is being decided on; with more, every second frame.
    milliseconds(0, 500),
    60,
  ),
  settledMs: whole(
    'The same while everybody there was let in, or is a picture that hangs there',
    // What enrolling from the camera takes must not be older than a second.
    milliseconds(0, 800),
    800,
  ),
  emptyMs: whole('The same while nobody is there and nothing moves', milliseconds(0, 5000), 1000),
});

export const everyFrameChoice = choice(
  'What is measured in every frame: everything, or what is needed, where known faces are followed in between',
  ['needed', 'full'],
  'needed',
);

const degrees = { unit: 'degrees', min: 0, max: 90 };
const grey = { unit: 'mean grey', min: 0, max: 255 };

const quality = z
  .strictObject({
    minEyeDistancePx: measure(
      'Smallest distance of the eye centres in the frame',
      { unit: 'pixels', min: 0, max: 1000 },
      24,
    ),
    minSharpness: measure(
      'Least sharpness of the aligned face',
      { unit: 'variance of the Laplacian', min: 0, max: 100_000 },
      20,
    ),
    minBrightness: measure('Darkest face that is used', grey, 30),
    maxBrightness: measure('Brightest face that is used', grey, 235),
    maxNoise: measure('Strongest noise', { unit: 'standard deviation of grey', min: 0, max: 255 }, 25),
    maxYaw: measure('Furthest turn to the side', degrees, 40),
    maxPitch: measure('Furthest turn up or down', degrees, 40),
    maxRoll: measure('Furthest tilt of the head', degrees, 40),
  })
  .refine(
    ({ minBrightness, maxBrightness }) => minBrightness < maxBrightness,
    between(
      ['minBrightness', 'maxBrightness'],
      'minBrightness',
      'faces.quality.minBrightness must be below maxBrightness',
    ),
  );

/** Finding faces, confirming them and judging how usable they are. */
export const facesSection = z.strictObject({
  haar: haarSection.prefault({}).describe('The search for proposals with a Haar cascade.'),
  confirm: confirmSection.prefault({}).describe('The network that confirms and corrects each proposal.'),
  max: whole('Most faces measured in one frame; the largest are taken', { unit: 'faces', min: 1, max: 16 }, 5),
  everyFrame: everyFrameChoice,
  pace: paceSection.prefault({}).describe('How often everything is measured where everyFrame is needed.'),
  quality: quality.prefault({}).describe('Faces outside these bounds are never recognised.'),
});
