// pure
import type { FaceLiveness } from '../face/observation.js';

/** What keeps a face from a verdict. */
export type Doubt =
  | NonNullable<Extract<FaceLiveness, { kind: 'scored' }>['doubt']>
  | Extract<FaceLiveness, { kind: 'unknown' }>['why']
  | 'missing'
  | 'still'
  | 'unsure';

/** What helps, or why nothing does: a sentence for people. */
const HINTS: Readonly<Record<Doubt, string>> = {
  context: 'the face is too near to tell whether it is alive: step back',
  unclear: 'the face is blurred, turned away or too dark: look straight into the camera',
  'cut-off': 'the face is not wholly in the picture: step back',
  dark: 'the face is too dark to tell whether it is alive: more light helps',
  noise: 'the picture is too noisy to tell whether the face is alive: more light helps',
  still: 'the face has not yet moved as a solid one does: turn the head a little',
  unsure: 'it is not yet sure that this is a living face: more light on the face, and less behind it, helps',
  fault: 'the liveness network gave no usable answer',
  missing: 'liveness was not measured',
};

export const hintOf = (doubt: Doubt): string => HINTS[doubt];

/** What speaks against a verdict in the newest sample. @param lacking what a cue that has nothing to say yet asks of the person */
export function doubtAbout(newest: FaceLiveness | undefined, lacking: Doubt | undefined): Doubt {
  if (newest === undefined) return 'missing';
  if (newest.kind === 'unknown') return newest.why;
  return newest.doubt ?? lacking ?? 'unsure';
}
