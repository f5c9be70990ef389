import { z } from 'zod';
import { flag, measure, whole } from '../field.js';

/** Telling a living face from a picture of one. Limits can be made stricter here, never looser than the release's. */
export const livenessSection = z.strictObject({
  enabled: flag(
    'Refuse pictures and screens held to the camera; without it a photo of an enrolled person opens the door',
    true,
  ),
  motion: flag('Ask for a movement that no flat picture makes, too; without it only the look of the face counts', true),
  aliveSeconds: measure('Seconds of good looks that make a face alive', { unit: 'seconds', min: 1.2, max: 10 }, 1.2),
  timeoutMs: whole(
    'A face that is not settled by then is refused; it may try again',
    { unit: 'milliseconds', min: 2000, max: 60_000 },
    8000,
  ),
  lockoutMs: whole(
    'For so long after the last clear look at a picture its track is refused, and whoever comes to its place',
    { unit: 'milliseconds', min: 1000, max: 5000 },
    5000,
  ),
  evidencePictures: whole(
    'Pictures of refused attacks that are kept on the disk, faces made unrecognisable, the newest ones; 0 keeps none',
    { unit: 'pictures', min: 0, max: 1000 },
    0,
  ),
  evidenceDays: whole('Such pictures are deleted after so long', { unit: 'days', min: 1, max: 365 }, 30),
});
