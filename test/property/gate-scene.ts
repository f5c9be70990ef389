import { AttackAlarm } from '../../src/access/attack-alarm.js';
import type { AttackAlarmReport } from '../../src/access/attacks.js';
import { defaultConfig } from '../../src/config/config.js';
import { DoorKeeper } from '../../src/door/door-keeper.js';
import { SimulatedLock } from '../../src/door/simulated-lock.js';
import type { MeasuredFace, Observation, Quality } from '../../src/face/observation.js';
import type { Decision, Spoof } from '../../src/gate/decision-report.js';
import { byDatesOnly } from '../../src/gate/entry-policy.js';
import { Gate } from '../../src/gate/gate.js';
import { type Clock, monotonicMs, wallMs } from '../../src/kit/clock.js';
import { silentLog } from '../../src/kit/log.js';
import { encodeVector } from '../../src/kit/vector.js';
import { Gallery } from '../../src/person/gallery.js';
import type { Person } from '../../src/person/person.js';
import type { Advice } from '../../src/voice/phrases.js';
import { GOOD } from '../face/sample.js';
import { boxAt, flatHead, type Pose, solidHead } from '../liveness/heads.js';
import { ENCODER, someone, template } from '../person/sample.js';

/** Large enough that nobody resembles anybody by chance. */
export const DIMENSION = 32;
export const { decision: RULE, liveness: LIVENESS } = defaultConfig;
/** The threshold for two people is that of FMR 1e-3. */
export const THRESHOLD = 0.6;
const CURVE = {
  '1e-2': { threshold: 0.8 },
  '1e-3': { threshold: THRESHOLD },
  '1e-4': { threshold: 0.5 },
  '1e-5': { threshold: 0.4 },
};

/** A unit vector at an angle in the first plane: Ada is at 0, Bob at 2, and at 4.2 is a stranger. */
export const towards = (angle: number): Float32Array =>
  Float32Array.from({ length: DIMENSION }, (_, i) => (i === 0 ? Math.cos(angle) : i === 1 ? Math.sin(angle) : 0));
export const WHO = { ada: 0, bob: 2, stranger: 4.2 } as const;

export interface Appearance extends Pose {
  readonly angle: number;
  readonly embedding?: string;
  /** Log-likelihood ratio of the appearance networks; or why there is none; null: not measured. */
  readonly llr?: number | 'cut-off' | 'fault' | null;
  readonly flat?: boolean;
  readonly quality?: Partial<Quality>;
}

/** A face of one frame; alive, solid and of good quality unless given otherwise. */
export function faceOf({ angle, llr = 4, flat = false, quality, embedding, ...pose }: Appearance): MeasuredFace {
  const liveness =
    typeof llr === 'number' ? ({ kind: 'scored', llr } as const) : llr && ({ kind: 'unknown', why: llr } as const);
  return {
    box: boxAt(pose),
    score: 0.95,
    landmarks: flat ? flatHead(pose) : solidHead(pose),
    quality: { ...GOOD, ...quality },
    embedding: embedding ?? encodeVector(towards(angle)),
    ...(liveness && { liveness }),
  };
}

/** How a living person holds the head at a time. */
export const turning = (ms: number): number => 0.4 * Math.sin(ms / 400);

export interface Seen {
  readonly frame: number;
  readonly takenMs: number;
  /** When the gate looks at it; the frame's own time when not given. */
  readonly nowMs?: number;
  readonly encoder?: string;
  readonly faces: readonly MeasuredFace[];
}

export const observationOf = ({ frame, takenMs, encoder = ENCODER, faces }: Seen): Observation => ({
  kind: 'observation',
  frame,
  takenMs,
  measuredMs: takenMs,
  width: 640,
  height: 480,
  proposed: faces.length,
  encoder,
  faces: [...faces],
});

/** The whole gate with a door that only counts, and a clock that is set by hand, backwards too. */
export class GateScene {
  nowMs = 0;
  opened = 0;
  readonly decisions: Decision[] = [];
  readonly spoofs: Spoof[] = [];
  readonly #gate: Gate;
  /** Numbers of faces of the newest observation on which nothing is left to decide. */
  settled: readonly number[] = [];

  readonly welcomed: string[] = [];
  readonly advice: Advice[] = [];
  readonly alarms: AttackAlarmReport[] = [];

  /** @param change.relay called before each move of the bolt; may throw */
  constructor(
    change: {
      readonly decision?: Partial<typeof RULE>;
      readonly liveness?: Partial<typeof LIVENESS>;
      readonly relay?: () => void;
    } = {},
  ) {
    const clock: Clock = {
      monotonic: () => monotonicMs(this.nowMs),
      wall: () => wallMs(Date.UTC(2026, 10, 24, 8) + this.nowMs),
      after: () => ({ cancel: () => undefined }),
    };
    const people = new Map<string, Person>(
      (['ada', 'bob'] as const).map((id) => [id, someone(id, [], { templates: [template(towards(WHO[id]))] })]),
    );
    const gallery = new Gallery(ENCODER, DIMENSION);
    for (const person of people.values()) gallery.set(person);
    const attackAlarm = new AttackAlarm({
      rule: defaultConfig.access.attacks,
      clock,
      onReport: (report) => void this.alarms.push(report),
      onChange: () => undefined,
    });
    this.#gate = new Gate({
      config: {
        ...defaultConfig,
        decision: { ...RULE, ...change.decision },
        liveness: { ...LIVENESS, ...change.liveness },
      },
      curve: CURVE,
      gallery,
      person: (id) => people.get(id),
      door: new DoorKeeper(
        new SimulatedLock(clock, ({ released }) => {
          change.relay?.();
          this.opened += released ? 1 : 0;
        }),
        clock,
        silentLog,
        defaultConfig.door,
        () => undefined,
      ),
      entry: {
        ...byDatesOnly(clock),
        spoofed: (person) => attackAlarm.attempted(person),
        extraProofMs: (person) => attackAlarm.extraProofMs(person),
      },
      greeter: {
        welcome: ({ name }) => void this.welcomed.push(name),
        advise: (advice) => this.advice.push(advice) > 0,
      },
      clock,
      onDecision: (decision) => this.decisions.push(decision),
      onSpoof: (spoof) => this.spoofs.push(spoof),
    });
  }

  /** Shows one observation. @returns what was decided on it */
  see(observation: Observation, nowMs = observation.takenMs): Decision[] {
    const before = this.decisions.length;
    this.nowMs = nowMs;
    this.settled = this.#gate.see(observation);
    return this.decisions.slice(before);
  }

  /** Shows frames. @returns the index of the first that let a person in; undefined: none did */
  firstGrant(film: readonly Seen[]): number | undefined {
    const at = film.findIndex((seen) =>
      this.see(observationOf(seen), seen.nowMs ?? seen.takenMs).some(({ type }) => type === 'granted'),
    );
    return at < 0 ? undefined : at;
  }
}
