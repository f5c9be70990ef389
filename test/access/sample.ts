import {
  type Checks,
  type DecisionMemory,
  type DecisionRule,
  decide,
  EMPTY_MEMORY,
  type Outcome,
} from '../../src/access/decision.js';
import type { Claim } from '../../src/access/evidence.js';
import type { Reason } from '../../src/access/reasons.js';
import { followFaces, NO_TRACKS, type Sighting, type TrackRule, type Tracks } from '../../src/access/track.js';
import { monotonicMs } from '../../src/kit/clock.js';
import { direction } from '../person/sample.js';

export const TRACKING: TrackRule = { of: 5, minIou: 0.25, jumpDistance: 0.6, lostMs: 1000 };
export const RULE: DecisionRule = { agree: 3, of: 5, maxAgeMs: 600, cooldownMs: 5000, faces: 'all-known' };

export const means = (id: string, distance = 0.3): Claim => ({ kind: 'person', id, distance });
export const says = (reason: Reason, detail?: string): Claim => ({ kind: 'none', reason, detail, distance: undefined });

export interface Seen {
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

const sighting = ({ claim, x = 0, size = 100, angle = 0 }: Seen): Sighting => ({
  box: { x, y: 0, width: size, height: size },
  embedding: direction(angle),
  claim,
});

/** Tracks and decisions over frames, as the gate puts them together. */
export class Scene {
  tracks: Tracks = NO_TRACKS;
  memory: DecisionMemory = EMPTY_MEMORY;
  readonly outcomes: Outcome[] = [];
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
    this.tracks = followFaces(this.tracks, seen.map(sighting), frame, taken, { ...TRACKING, of: this.#rule.of });
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
    this.outcomes.push(...decided.outcomes);
    return decided.outcomes;
  }

  /** The same faces for some frames, 100 ms apart, from `from` on. */
  watch(seen: readonly Seen[], frames: number, from = 0): this {
    for (let i = 0; i < frames; i++) this.see({ frame: from + i, takenMs: (from + i) * 100, seen });
    return this;
  }

  get grants(): string[] {
    return this.outcomes.flatMap((outcome) => (outcome.kind === 'grant' ? [outcome.person] : []));
  }

  get refusals(): string[] {
    return this.outcomes.flatMap((outcome) => (outcome.kind === 'refuse' ? [outcome.reason] : []));
  }
}
