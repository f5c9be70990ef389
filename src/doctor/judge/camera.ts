// pure
import type { Observation } from '../../face/observation.js';
import { type QualityLimits, qualityFault } from '../../face/quality.js';
import { type Checked, type Finding, findings, ok, problem, warning } from '../finding.js';

/** What an eye with the camera told within some seconds. */
export interface CameraLook {
  readonly seconds: number;
  readonly observations: readonly SeenFrame[];
  /** Why there is no camera, or what is wrong with its pictures, as a sentence. */
  readonly trouble: string | undefined;
  readonly camera: 'live' | 'missing';
}

export type SeenFrame = Pick<Observation, 'takenMs' | 'measuredMs' | 'width' | 'height'> & {
  readonly faces: readonly Pick<Observation['faces'][number], 'quality' | 'box'>[];
};

/** Fewer measured in a second and people wait for seconds. */
const SLOW_BELOW_FPS = 3;

/** @param asked `camera.fps` of the configuration */
export function judgeCamera(look: CameraLook, limits: QualityLimits, maxAgeMs: number): Checked {
  const { observations, trouble, camera, seconds } = look;
  if (camera === 'missing')
    return findings(
      problem(
        'camera',
        trouble ?? `no picture came within ${seconds} s`,
        'check the cable and the section camera of the configuration',
      ),
    );
  const [first, last] = [observations[0], observations.at(-1)];
  if (!first || !last)
    return findings(problem('camera', trouble ?? `it delivers, but nothing was measured within ${seconds} s`));
  const faces = observations.flatMap((frame) => frame.faces);
  const span = last.takenMs - first.takenMs;
  const fps = span > 0 ? ((observations.length - 1) * 1000) / span : 0;
  const ageMs = median(observations.map(({ takenMs, measuredMs }) => measuredMs - takenMs));
  const text = `${last.width} × ${last.height}, ${fps.toFixed(1)} frames a second measured, each ${ageMs.toFixed(0)} ms after it was taken`;
  const slow = fps < SLOW_BELOW_FPS || ageMs > maxAgeMs;
  const speed = slow
    ? warning(
        'camera',
        text,
        'take other work off this machine, or ask for a smaller picture (camera.width, camera.height)',
      )
    : ok('camera', text);
  return {
    findings: [speed, ...(trouble === undefined ? [] : [warning('camera', trouble)]), ...judgeFaces(faces, limits)],
    numbers: {
      framesPerSecond: round(fps),
      frameAgeMs: round(ageMs),
      facesSeen: faces.length,
      ...(faces.length > 0 && facts(faces)),
    },
  };
}

type Face = SeenFrame['faces'][number];

function judgeFaces(faces: readonly Face[], limits: QualityLimits): readonly Finding[] {
  if (faces.length === 0)
    return [ok('faces', 'nobody was seen: stand before the camera to have light, focus and distance judged')];
  const { eyeDistancePx, brightness, sharpness } = facts(faces);
  const sizes = faces.map(({ quality }) => Math.round(quality.eyeDistancePx));
  const text = `${faces.length} seen: ${eyeDistancePx.toFixed(0)} px between the eyes (${Math.min(...sizes)} to ${Math.max(...sizes)}), brightness ${brightness.toFixed(0)}, sharpness ${sharpness.toFixed(0)}`;
  const faults = faces.flatMap(({ quality }) => qualityFault(quality, limits) ?? []);
  if (faults.length * 2 < faces.length) return [ok('faces', text)];
  return [
    warning(
      'faces',
      `${text}; mostly the face is ${mostFrequent(faults.map((fault) => fault.text))}`,
      ADVICE[mostFrequent(faults.map((fault) => kindOf(fault.text)))],
    ),
  ];
}

/** By the first words of what {@link qualityFault} says. */
const ADVICE: Readonly<Record<string, string>> = {
  'too small': 'move the camera nearer to where people stand, or take a larger picture (camera.width, camera.height)',
  'too dark': 'more light on the faces, not behind them',
  'too bright': 'less light on the faces, or no window behind the people',
  blurred: 'focus the lens, clean it, more light',
  'too noisy': 'more light',
};

const kindOf = (text: string): string => text.split(':')[0] ?? text;

const facts = (faces: readonly Face[]) => ({
  eyeDistancePx: round(median(faces.map(({ quality }) => quality.eyeDistancePx))),
  brightness: round(median(faces.map(({ quality }) => quality.brightness))),
  sharpness: round(median(faces.map(({ quality }) => quality.sharpness))),
  noise: round(median(faces.map(({ quality }) => quality.noise))),
});

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const round = (value: number): number => Math.round(value * 10) / 10;

function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}
