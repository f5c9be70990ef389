/** One observation's journey: person → track → liveness → decision → door → voice → report. */
import { type Checks, type DecisionMemory, decide, EMPTY_MEMORY, type Outcome } from '../access/decision.js';
import type { Claim } from '../access/evidence.js';
import { REASONS } from '../access/reasons.js';
import { followFaces, NO_TRACKS, type Sighting, type Track, type Tracks } from '../access/track.js';
import { whoWaits } from '../access/waiting.js';
import type { Config } from '../config/config.js';
import type { DoorKeeper } from '../door/door-keeper.js';
import type { MeasuredFace, Observation } from '../face/observation.js';
import { qualityFault } from '../face/quality.js';
import type { Clock, MonotonicMs } from '../kit/clock.js';
import { decodeVector } from '../kit/vector.js';
import type { Doubt } from '../liveness/doubt.js';
import type { FaceSample } from '../liveness/face-sample.js';
import {
  addFrame,
  LIVENESS_TRACKS_RULE,
  type LivenessTracks,
  type LivenessTracksRule,
  NO_LIVENESS_TRACKS,
  refusalOf,
  type TrackLiveness,
} from '../liveness/liveness-tracks.js';
import { isUnit } from '../person/distance.js';
import { type Gallery, matchOf } from '../person/gallery.js';
import type { Person } from '../person/person.js';
import { type ChosenThreshold, chooseThreshold, type ThresholdCurve } from '../person/thresholds.js';
import type { Greeter } from '../voice/greeter.js';
import type { Advice } from '../voice/phrases.js';
import type { Decision, Spoof } from './decision-report.js';
import type { EntryPolicy } from './entry-policy.js';

export interface GateParts {
  readonly config: Pick<Config, 'decision' | 'faces' | 'liveness'>;
  readonly curve: ThresholdCurve;
  readonly gallery: Gallery;
  readonly person: (id: string) => Person | undefined;
  readonly door: DoorKeeper;
  readonly entry: EntryPolicy;
  readonly greeter: Pick<Greeter, 'welcome' | 'advise'> | undefined;
  readonly clock: Clock;
  readonly onDecision: (decision: Decision) => void;
  /** A picture or screen was held to the camera; called once a track, whoever is on the picture. */
  readonly onSpoof: (spoof: Spoof) => void;
}

/** Boxes of one face in successive frames overlap at least so much; a track unseen for a second is over. */
const FOLLOWING = { minIou: 0.25, lostMs: 1000 };

/** Takes the eye's observations, decides who is let in, and opens the door. */
export class Gate {
  readonly #parts: GateParts;
  #tracks: Tracks = NO_TRACKS;
  #memory: DecisionMemory = EMPTY_MEMORY;
  #livenessTracks: LivenessTracks = NO_LIVENESS_TRACKS;
  /** What tracks were told already; bounded by the tracks there are. */
  #advised: ReadonlyMap<number, ReadonlySet<Doubt>> = new Map();

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** The distance within which a face counts as a person; follows the number of templates. */
  get threshold(): ChosenThreshold {
    const { config, curve, gallery } = this.#parts;
    return chooseThreshold(curve, config.decision.targetFpir, gallery.templates, config.decision.threshold);
  }

  /** Decides on one observation and acts on it. */
  see(observation: Observation): void {
    const { config, curve, clock, gallery } = this.#parts;
    const { faces, frame, takenMs, encoder } = observation;
    const { threshold } = this.threshold;
    const now = clock.monotonic();
    const taken = takenMs as typeof now;
    const sightings = faces.map((face) => this.#sighting(face, encoder === gallery.encoder, threshold));
    const rule = { ...FOLLOWING, of: config.decision.of, jumpDistance: curve['1e-3'].threshold };
    this.#tracks = followFaces(this.#tracks, sightings, frame, taken, rule);
    const { byTrack, spoofs } = this.#judgeLiveness(faces, taken);
    const { memory, outcomes } = decide(
      this.#memory,
      this.#tracks.tracks,
      { takenMs: taken, number: frame },
      now,
      config.decision,
      {
        whyNotEnter: this.#whyNotEnter,
        livenessRefusal: (track) => (byTrack ? refusalOf(byTrack.get(track)) : undefined),
      },
    );
    this.#memory = memory;
    // The door first: nothing else may come between a decision and the relay.
    const results = outcomes.map((outcome) => (outcome.kind === 'grant' ? this.#open(outcome) : outcome));
    for (const { id, box } of this.#tracks.tracks)
      if (spoofs.includes(id)) this.#parts.onSpoof({ track: id, frame, box });
    for (const result of results) {
      if (result.kind === 'grant') this.#welcome(result.person);
      this.#report(result, observation, threshold);
    }
    if (byTrack) this.#advise(byTrack, taken);
  }

  /** Liveness of the tracks of this frame; none when it is switched off. */
  #judgeLiveness(
    faces: readonly MeasuredFace[],
    atMs: MonotonicMs,
  ): { readonly byTrack: ReadonlyMap<number, TrackLiveness> | undefined; readonly spoofs: readonly number[] } {
    const { liveness } = this.#parts.config;
    if (!liveness.enabled) return { byTrack: undefined, spoofs: [] };
    const samples = new Map<number, FaceSample>();
    for (const { box, landmarks, liveness: seen, scene } of faces) {
      const track = this.#tracks.tracks.find((one) => one.box === box);
      if (track) samples.set(track.id, { atMs, box, landmarks, liveness: seen, scene });
    }
    const { tracks, byTrack, spoofs } = addFrame(this.#livenessTracks, samples, atMs, livenessRule(liveness));
    this.#livenessTracks = tracks;
    for (const _track of spoofs) this.#parts.entry.spoofed();
    return { byTrack, spoofs };
  }

  /** Tells people who wait for a verdict what would help. */
  #advise(liveness: ReadonlyMap<number, TrackLiveness>, takenMs: MonotonicMs): void {
    const { config, greeter, person } = this.#parts;
    const { tracks } = this.#tracks;
    const waiting = whoWaits(tracks, liveness, this.#memory, this.#advised, takenMs, config.decision);
    const advised = new Map([...this.#advised].filter(([id]) => tracks.some((track) => track.id === id)));
    for (const { track, person: id, why } of waiting) {
      const advice = ADVICE[why];
      if (advice && greeter?.advise(advice, person(id)?.language ?? null))
        advised.set(track, new Set([...(advised.get(track) ?? []), why]));
    }
    this.#advised = advised;
  }

  #sighting(face: MeasuredFace, sameEncoder: boolean, threshold: number): Sighting {
    const embedding = decodeVector(face.embedding);
    const usable = sameEncoder && embedding.length === this.#parts.gallery.dimension && isUnit(embedding);
    // A face that cannot be compared is a person all the same: it counts where several faces matter.
    if (!usable) return { box: face.box, embedding: NO_EMBEDDING, claim: MODEL_FAULT };
    return { box: face.box, embedding, claim: this.#claim(face, embedding, threshold) };
  }

  #claim(face: MeasuredFace, embedding: Float32Array, threshold: number): Claim {
    const { config, gallery } = this.#parts;
    const fault = qualityFault(face.quality, config.faces.quality);
    if (fault) return { kind: 'none', reason: fault.reason, detail: `the face is ${fault.text}`, distance: undefined };
    const match = matchOf(gallery.rank(embedding), { threshold, margin: config.decision.margin });
    if (match.kind === 'person') return { kind: 'person', ...match.best };
    return { kind: 'none', reason: match.kind, detail: undefined, distance: match.best?.distance };
  }

  readonly #whyNotEnter: Checks['whyNotEnter'] = (id) => {
    const { shut } = this.#parts.door;
    if (shut !== undefined) return shut === 'door-mode' ? shut : 'door-fault';
    const person = this.#parts.person(id);
    // Removed between the match and now.
    if (!person) return 'nobody';
    return this.#parts.entry.whyNot(person);
  };

  /** Releases the door. @returns a refusal where it did not obey: nobody is welcomed before a door that stays shut */
  #open(grant: Extract<Outcome, { readonly kind: 'grant' }>): Outcome {
    const { track, person, distance } = grant;
    if (this.#parts.door.open('grant', `track-${track}`)) return grant;
    return { kind: 'refuse', track, reason: 'door-fault', detail: undefined, person, distance };
  }

  #welcome(id: string): void {
    const { person: personOf, entry, greeter } = this.#parts;
    const person = personOf(id);
    if (!person) return;
    entry.letIn(person);
    greeter?.welcome(person);
  }

  #report(outcome: Outcome, { faces, frame }: Observation, threshold: number): void {
    const { person: personOf, onDecision } = this.#parts;
    const person = outcome.person === undefined ? undefined : personOf(outcome.person);
    const granted = outcome.kind === 'grant';
    const track = this.#tracks.tracks.find(({ id }) => id === outcome.track) as Track;
    onDecision({
      type: granted ? 'granted' : 'refused',
      reason: granted ? null : outcome.reason,
      text: granted ? 'the door is opened' : (outcome.detail ?? REASONS[outcome.reason]),
      person,
      distance: outcome.distance ?? null,
      threshold,
      track: outcome.track,
      frame,
      afterMs: granted ? outcome.afterMs : null,
      face: faces.find(({ box }) => box === track.box),
    });
  }
}

/** What a person can do about a doubt; nothing where only the operator can. */
const ADVICE: Readonly<Record<Doubt, Advice | undefined>> = {
  context: 'step-back',
  'cut-off': 'step-back',
  dark: 'more-light',
  noise: 'more-light',
  still: 'turn-head',
  unsure: 'more-light',
  fault: undefined,
  missing: undefined,
};

const livenessRule = ({ iapar, bpcer, timeoutMs, lockoutMs }: Config['liveness']): LivenessTracksRule => ({
  liveness: { iapar, bpcer, timeoutMs, spoofMs: lockoutMs },
  placeLock: { ...LIVENESS_TRACKS_RULE.placeLock, lockMs: lockoutMs, rowMaxMs: 3 * lockoutMs, restMs: lockoutMs },
});

/** In place of an embedding that cannot be used: no track continues with it. */
const NO_EMBEDDING = new Float32Array(0);

const MODEL_FAULT: Claim = {
  kind: 'none',
  reason: 'model-fault',
  detail: 'the eye uses another encoder than the gallery',
  distance: undefined,
};
