import { z } from 'zod';
import { flag, measure, whole } from '../field.js';

/** Telling a living face from a picture of one. */
export const livenessSection = z.strictObject({
  enabled: flag(
    'Refuse pictures and screens held to the camera; without it a photo of an enrolled person opens the door',
    true,
  ),
  iapar: measure(
    'Share of pictures and screens that may be taken for living faces; smaller is safer, and people are looked at for longer',
    // Nearer to 0 the limit lies beyond what all evidence together can reach where one network has no say.
    { unit: 'rate', min: 0.002, max: 0.02 },
    0.01,
  ),
  bpcer: measure(
    'Share of living faces that may be taken for pictures for a moment; larger refuses pictures sooner',
    { unit: 'rate', min: 0.005, max: 0.1 },
    0.05,
  ),
  timeoutMs: whole(
    'A face that is not settled by then is refused; it may try again',
    { unit: 'milliseconds', min: 2000, max: 60_000 },
    8000,
  ),
  lockoutMs: whole(
    'For so long after a face was last clearly a picture it counts as one, and so does whoever comes to its place',
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
