import {
  type Checks,
  type DecisionMemory,
  type DecisionRule,
  decide,
  EMPTY_MEMORY,
  type Outcome,
  stillSeen,
} from '../../src/access/decision.js';
import type { Claim, NoClaim } from '../../src/access/evidence.js';
import type { Reason } from '../../src/access/reasons.js';
import {
  followFaces,
  type Identify,
  NO_TRACKS,
  type Sighting,
  type TrackRule,
  type Tracks,
} from '../../src/access/track.js';
import { monotonicMs } from '../../src/kit/clock.js';
import { direction } from '../person/sample.js';

export const TRACKING: TrackRule = { of: 5, minIou: 0.25, jumpDistance: 0.6, faultyJumpDistance: 0.6, lostMs: 1000 };
export const RULE: DecisionRule = { agree: 3, of: 5, maxAgeMs: 600, cooldownMs: 5000, faces: 'all-known' };

/** A track that means a person by so many frames. */
export const means = (id: string, distance = 0.3, frames = 1): Claim => ({ kind: 'person', id, distance, frames });
export const says = (reason: Reason, detail?: string): NoClaim => ({
  kind: 'none',
  reason,
  detail,
  distance: undefined,
});

export interface Seen {
  /** What this frame says by itself. */
  readonly claim: Claim;
  /** Left edge of the box; the face is 100 wide. */
  readonly x?: number;
  readonly size?: number;
  /** Direction of the embedding: the true person, whatever the claim says. */
  readonly angle?: number;
}

export interface Shot {
  readonly frame: number;
  readonly takenMs: number;
  /** When the decision is made; the frame's own time when not given. */
  readonly nowMs?: number;
  readonly seen: readonly Seen[];
}

/** What each frame says by itself, in place of a gallery. */
const spoken = new WeakMap<Float32Array, Claim>();

/** A face in a box; `nobody` and `ambiguous` are what a gallery answers, any other reason is the face's own fault. */
export function sightingOf({ claim, x = 0, size = 100, angle = 0 }: Seen): Sighting {
  const embedding = direction(angle);
  spoken.set(embedding, claim);
  const compared = claim.kind === 'person' || claim.reason === 'nobody' || claim.reason === 'ambiguous';
  return {
    box: { x, y: 0, width: size, height: size },
    embedding,
    weight: 1,
    fault: compared ? undefined : claim,
  };
}

/** Means whom the newest frame means, with all frames that mean the same person. */
export const bySpokenClaims: Identify = (recent) => {
  const all = recent.map(({ embedding }) => spoken.get(embedding));
  const newest = all.at(-1) as Claim;
  if (newest.kind === 'none') return newest;
  const same = all.flatMap((claim) => (claim?.kind === 'person' && claim.id === newest.id ? [claim.distance] : []));
  return { ...newest, distance: Math.min(...same), frames: same.length };
};

/** Tracks and decisions over frames, as the gate puts them together. */
export class Scene {
  tracks: Tracks = NO_TRACKS;
  memory: DecisionMemory = EMPTY_MEMORY;
  readonly outcomes: Outcome[] = [];
  #judgedMs = monotonicMs(0);
  readonly #rule: DecisionRule;
  readonly #checks: Checks;

  constructor(rule: Partial<DecisionRule> = {}, checks: Partial<Checks> = {}) {
    this.#rule = { ...RULE, ...rule };
    this.#checks = {
      whyNotEnter: () => undefined,
      livenessRefusal: () => undefined,
      pictureOf: () => undefined,
      ...checks,
    };
  }

  see({ frame, takenMs, nowMs = takenMs, seen }: Shot): readonly Outcome[] {
    const taken = monotonicMs(takenMs);
    const following = { ...TRACKING, of: this.#rule.of };
    this.tracks = followFaces(this.tracks, seen.map(sightingOf), frame, taken, following, bySpokenClaims);
    const { tracks } = this.tracks;
    const decided = decide(
      this.memory,
      tracks,
      { takenMs: taken, number: frame },
      monotonicMs(nowMs),
      this.#rule,
      this.#checks,
    );
    this.memory = decided.memory;
    this.#judgedMs = monotonicMs(nowMs);
    this.outcomes.push(...decided.outcomes);
    return decided.outcomes;
  }

  /** The same faces for some frames, 100 ms apart, from `from` on. */
  watch(seen: readonly Seen[], frames: number, from = 0): this {
    for (let i = 0; i < frames; i++) this.see({ frame: from + i, takenMs: (from + i) * 100, seen });
    return this;
  }

  /** The camera repeats its pictures, which is told once a second. */
  repeats(untilMs: number): this {
    for (let ms = this.#judgedMs + 1000; ms <= untilMs; ms += 1000) {
      this.memory = stillSeen(this.memory, this.#judgedMs, monotonicMs(ms));
      this.#judgedMs = monotonicMs(ms);
    }
    return this;
  }

  get grants(): string[] {
    return this.outcomes.flatMap((outcome) => (outcome.kind === 'grant' ? [outcome.person] : []));
  }

  get refusals(): string[] {
    return this.outcomes.flatMap((outcome) => (outcome.kind === 'refuse' ? [outcome.reason] : []));
  }
}
