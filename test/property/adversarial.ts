import { fromEyeSchema } from '../../src/eye/protocol.js';
import type { Observation } from '../../src/face/observation.js';
import { encodeMessage, MessageReader } from '../../src/kit/framing.js';
import { seeded } from '../../src/kit/seeded-random.js';
import { encodeVector } from '../../src/kit/vector.js';
import { DIMENSION, faceOf, GateScene, observationOf, type Seen, turning, WHO } from './gate-scene.js';

export interface Result {
  readonly observations: number;
  /** Came through the wire's schema, and did not: the gate would replace the eye that sent them. */
  readonly seen: number;
  readonly rejected: number;
  readonly grants: number;
  readonly opened: number;
  /** By kind of attack. */
  readonly granted: Readonly<Record<string, number>>;
}

/** The camera so far: what comes next continues from here, or does not. */
interface Moment {
  readonly frame: number;
  readonly ms: number;
  /** Counts the frames of one attack. */
  readonly turn: number;
  readonly random: () => number;
}

type Attack = (moment: Moment) => Omit<Seen, 'nowMs'> & { readonly raw?: (json: Observation) => unknown };

const between = (random: () => number, low: number, high: number) => low + random() * (high - low);
const pick = <T>(random: () => number, ...all: readonly T[]) => all[Math.floor(random() * all.length)] as T;

const anyone = (random: () => number): string => {
  const vector = Float32Array.from({ length: DIMENSION }, () => random() - 0.5);
  const length = Math.hypot(...vector);
  return encodeVector(vector.map((value) => value / length));
};
/** What an encoder gone wrong may send: base64 of float32 can hold anything. */
const noEmbedding = (random: () => number): string =>
  pick(
    random,
    '',
    'AAA=',
    '%%%%',
    encodeVector(new Float32Array(DIMENSION)),
    encodeVector(new Float32Array(DIMENSION).fill(Number.NaN)),
    encodeVector(new Float32Array(DIMENSION).fill(Number.POSITIVE_INFINITY)),
    encodeVector(new Float32Array(DIMENSION).fill(1)),
    encodeVector(new Float32Array([1])),
    encodeVector(new Float32Array(2 * DIMENSION).fill(0.1)),
  );
const ada = (ms: number, change: Partial<Parameters<typeof faceOf>[0]> = {}) =>
  faceOf({ angle: WHO.ada, yaw: turning(ms), ...change });

/** Replaces numbers of the first face by what JSON makes of NaN and Infinity, or by what no schema should let through. */
const broken =
  (random: () => number) =>
  (json: Observation): unknown => {
    const [first] = json.faces;
    if (!first) return { ...json, takenMs: Number.NaN };
    const value = pick<unknown>(random, Number.NaN, Number.POSITIVE_INFINITY, -1, 2, '0.9', null, 1e308);
    const face = pick<unknown>(
      random,
      { ...first, score: value },
      { ...first, liveness: { kind: 'scored', llr: value } },
      { ...first, box: { ...first.box, width: value } },
      { ...first, quality: { ...first.quality, sharpness: value, yaw: value } },
      { ...first, landmarks: first.landmarks.map(() => [value, value]) },
    );
    return { ...json, faces: [face] };
  };

/** None of these is a person in front of a camera; each continues at the next frame and time unless it says otherwise. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  blank: ({ frame, ms }) => ({ frame, takenMs: ms, faces: [] }),
  'noise boxes': ({ frame, ms, random }) => ({
    frame,
    takenMs: ms,
    faces: Array.from({ length: Math.floor(random() * 17) }, () =>
      faceOf({
        angle: 0,
        embedding: anyone(random),
        x: between(random, -500, 1500),
        y: between(random, -500, 1500),
        size: between(random, 0, 900),
        yaw: between(random, -1.5, 1.5),
        llr: between(random, -5, 5),
      }),
    ),
  }),
  huge: ({ frame, ms, random }) => {
    const size = between(random, 5e3, 4e4);
    return { frame, takenMs: ms, faces: [ada(ms, { embedding: anyone(random), size, x: size / 2, y: size / 2 })] };
  },
  'huge, of an enrolled person': ({ frame, ms }) => ({
    frame,
    takenMs: ms,
    faces: [
      { ...ada(ms), box: { x: -1e5, y: -1e5, width: 1e5, height: 1e5 }, liveness: { kind: 'unknown', why: 'cut-off' } },
    ],
  }),
  tiny: ({ frame, ms, random }) => ({
    frame,
    takenMs: ms,
    faces: [ada(ms, { size: between(random, 0, 3), quality: { eyeDistancePx: random() } })],
  }),
  // These three begin with what was there a frame ago.
  'one face repeated at one time': ({ frame, ms, turn }) => ({
    frame,
    takenMs: ms - 125 * (turn + 1),
    faces: [ada(ms)],
  }),
  'one frame repeated with new times': ({ frame, ms, turn }) => ({
    frame: frame - turn - 1,
    takenMs: ms,
    faces: [ada(ms - 125 * (turn + 1))],
  }),
  // By the frame's number, so that nobody is seen twice in a row where one such attack follows another.
  'two people who take turns': ({ frame, ms }) => ({
    frame,
    takenMs: ms,
    faces: [ada(ms, { angle: frame % 2 === 0 ? WHO.ada : WHO.bob })],
  }),
  "a stranger's life for an enrolled person's picture": ({ frame, ms, turn }) => ({
    frame,
    takenMs: ms,
    faces: [turn % 2 === 0 ? ada(ms, { llr: -1, flat: true }) : ada(ms, { angle: WHO.stranger })],
  }),
  'an unusable embedding': ({ frame, ms, random }) => ({
    frame,
    takenMs: ms,
    faces: [ada(ms, { embedding: noEmbedding(random) })],
  }),
  'no liveness': ({ frame, ms, random }) => ({
    frame,
    takenMs: ms,
    faces: [ada(ms, { llr: pick(random, null, 'cut-off' as const, 'fault' as const) })],
  }),
  // 2 is more than 999 of 1,000 frames of prints in docs/security-model.md come to.
  'a print': ({ frame, ms, random }) => ({
    frame,
    takenMs: ms,
    faces: [ada(ms, { flat: true, llr: pick(random, -4, -1, 0.5, 2) })],
  }),
  'time going backwards': ({ frame, ms, turn }) => ({
    frame,
    takenMs: Math.max(0, ms - 250 * (turn + 1)),
    faces: [ada(ms - 250 * (turn + 1))],
  }),
  'another encoder': ({ frame, ms }) => ({ frame, takenMs: ms, encoder: 'other@0123456789ab', faces: [ada(ms)] }),
  'mad landmarks': ({ frame, ms, random }) => ({
    frame,
    takenMs: ms,
    faces: [
      {
        ...ada(ms, { llr: -1 }),
        landmarks: Array.from({ length: 68 }, (): [number, number] => [between(random, -1e5, 1e5), 0]),
      },
    ],
  }),
  // An enrolled person who does not look alive: nothing that is broken about a face may make up for that.
  'broken numbers': ({ frame, ms, random }) => ({
    frame,
    takenMs: ms,
    faces: [ada(ms, { llr: -1 })],
    raw: broken(random),
  }),
};

/** Frames of one attack before the next; long enough for a living person to be let in. */
const TURNS = [1, 60] as const;
const STEP_MS = 125;
/** Between two attacks: two genuine frames of a living person within a second are that person, whatever else each of them belongs to. */
const PAUSE_MS = 2000;

/** The hardest of them: both are enrolled, alive and well seen. */
export const TAKING_TURNS = 'two people who take turns';

/** Sends observations through the wire and its schema to one gate, attack after attack. Throws what the gate throws. */
export function run(count: number, seed: number, attacks = Object.keys(ATTACKS)): Result {
  const random = seeded(seed);
  let scene = new GateScene();
  const reader = new MessageReader();
  const granted: Record<string, number> = {};
  let [seen, rejected, grants, opened] = [0, 0, 0, 0];
  let [name, turn, turns, pausesMs] = ['', 0, 0, 0];
  for (let i = 0; i < count; i++, turn++) {
    if (turn >= turns) {
      name = pick(random, ...attacks);
      [turn, turns] = [0, Math.floor(between(random, ...TURNS))];
      pausesMs += PAUSE_MS;
      // What an attack leaves behind helps the next one or stands in its way: half of them meet a gate that saw nothing yet.
      if (random() < 0.5) {
        opened += scene.opened;
        scene = new GateScene();
      }
    }
    const ms = 60_000 + i * STEP_MS + pausesMs;
    const { raw, ...shown } = (ATTACKS[name] as Attack)({ frame: 100 + i, ms, turn, random });
    const observation = observationOf(shown);
    const [message] = reader.feed(encodeMessage(raw ? raw(observation) : observation));
    const parsed = fromEyeSchema.safeParse(message?.json);
    if (!parsed.success || parsed.data.kind !== 'observation') {
      rejected += 1;
      continue;
    }
    seen += 1;
    // Half of the time the gate's clock is the frame's, so that age alone is not what keeps it shut.
    const nowMs = random() < 0.5 ? parsed.data.takenMs : ms;
    const letIn = scene.see(parsed.data, nowMs).filter(({ type }) => type === 'granted').length;
    grants += letIn;
    if (letIn > 0) granted[name] = (granted[name] ?? 0) + letIn;
  }
  return { observations: count, seen, rejected, grants, opened: opened + scene.opened, granted };
}
