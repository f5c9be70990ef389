/** One observation's journey: person → track → liveness → decision → door → voice → report. */
import { type Checks, type DecisionMemory, decide, EMPTY_MEMORY, type Outcome } from '../access/decision.js';
import type { NoClaim } from '../access/evidence.js';
import { identify, NEWEST_SLACK } from '../access/identify.js';
import { REASONS } from '../access/reasons.js';
import { whoStandsStill } from '../access/standing-still.js';
import { followFaces, type Look, NO_TRACKS, type Sighting, type Track, type Tracks } from '../access/track.js';
import type { Config } from '../config/config.js';
import type { DoorKeeper } from '../door/door-keeper.js';
import type { MeasuredFace, Observation } from '../face/observation.js';
import { qualityFault } from '../face/quality.js';
import type { Clock, MonotonicMs } from '../kit/clock.js';
import { decodeVector } from '../kit/vector.js';
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
import type { Gallery } from '../person/gallery.js';
import type { Person } from '../person/person.js';
import { type ChosenThreshold, chooseForVisits, chooseThreshold, type ThresholdCurve } from '../person/thresholds.js';
import type { Greeter } from '../voice/greeter.js';
import type { Decision, Spoof } from './decision-report.js';
import type { EntryPolicy } from './entry-policy.js';

export interface GateParts {
  readonly config: Pick<Config, 'decision' | 'faces' | 'liveness'>;
  readonly curve: ThresholdCurve;
  readonly gallery: Gallery;
  readonly person: (id: string) => Person | undefined;
  readonly door: DoorKeeper;
  readonly entry: EntryPolicy;
  readonly greeter: Pick<Greeter, 'welcome' | 'askToMove'> | undefined;
  readonly clock: Clock;
  readonly onDecision: (decision: Decision) => void;
  /** A picture or screen was held to the camera; called once a track, whoever is on the picture. */
  readonly onSpoof: (spoof: Spoof) => void;
}

/** Boxes of one face in successive frames overlap at least so much; a track unseen for a second is over. */
const FOLLOWING = { minIou: 0.25, lostMs: 1000 };

/** Frames of one person, seconds apart, jump so far once in 500 times. */
const jumpsOf = (curve: ThresholdCurve) => ({
  jumpDistance: curve['1e-4'].threshold,
  faultyJumpDistance: curve['1e-3'].threshold,
});

/** Takes the eye's observations, decides who is let in, and opens the door. */
export class Gate {
  readonly #parts: GateParts;
  #tracks: Tracks = NO_TRACKS;
  #memory: DecisionMemory = EMPTY_MEMORY;
  #livenessTracks: LivenessTracks = NO_LIVENESS_TRACKS;
  /** Tracks that were asked to move; bounded by the tracks there are. */
  #askedToMove: ReadonlySet<number> = new Set();

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** The distance within which the frames of a track count as a person's; follows the number of templates. */
  get threshold(): ChosenThreshold {
    const { config, curve, gallery } = this.#parts;
    return chooseForVisits(curve, config.decision, gallery.templates);
  }

  /** The distance within which two photos count as one person's. */
  get photoThreshold(): number {
    const { config, curve, gallery } = this.#parts;
    const { targetFpir, threshold } = config.decision;
    return chooseThreshold(curve, targetFpir, gallery.templates, threshold).threshold;
  }

  /** Decides on one observation and acts on it. */
  see(observation: Observation): void {
    const { config, curve, clock, gallery } = this.#parts;
    const { faces, frame, takenMs, encoder } = observation;
    const { threshold } = this.threshold;
    const now = clock.monotonic();
    const taken = takenMs as typeof now;
    const sightings = faces.map((face) => this.#sighting(face, encoder === gallery.encoder));
    const rule = { ...FOLLOWING, ...jumpsOf(curve), of: config.decision.of };
    const match = { threshold, margin: config.decision.margin, newestSlack: NEWEST_SLACK };
    const whom = (looks: readonly Look[]) => identify(looks, gallery, match);
    this.#tracks = followFaces(this.#tracks, sightings, frame, taken, rule, whom);
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
    if (byTrack) this.#askToMove(byTrack, taken);
  }

  /** Liveness of the tracks of this frame; none when it is switched off. */
  #judgeLiveness(
    faces: readonly MeasuredFace[],
    atMs: MonotonicMs,
  ): { readonly byTrack: ReadonlyMap<number, TrackLiveness> | undefined; readonly spoofs: readonly number[] } {
    const { liveness } = this.#parts.config;
    if (!liveness.enabled) return { byTrack: undefined, spoofs: [] };
    const samples = new Map<number, FaceSample>();
    for (const { box, landmarks, liveness: seen } of faces) {
      const track = this.#tracks.tracks.find((one) => one.box === box);
      if (track) samples.set(track.id, { atMs, box, landmarks, liveness: seen });
    }
    const { tracks, byTrack, spoofs } = addFrame(this.#livenessTracks, samples, atMs, livenessRule(liveness));
    this.#livenessTracks = tracks;
    for (const _track of spoofs) this.#parts.entry.spoofed();
    return { byTrack, spoofs };
  }

  #askToMove(liveness: ReadonlyMap<number, TrackLiveness>, takenMs: MonotonicMs): void {
    const { config, greeter, person } = this.#parts;
    const { tracks } = this.#tracks;
    const still = whoStandsStill(tracks, liveness, this.#memory, this.#askedToMove, takenMs, config.decision);
    const asked = [...this.#askedToMove, ...still.map(({ track }) => track)];
    this.#askedToMove = new Set(asked.filter((id) => tracks.some((track) => track.id === id)));
    for (const { person: id } of still) greeter?.askToMove(person(id)?.language ?? null);
  }

  #sighting(face: MeasuredFace, sameEncoder: boolean): Sighting {
    const embedding = decodeVector(face.embedding);
    const usable = sameEncoder && embedding.length === this.#parts.gallery.dimension && isUnit(embedding);
    // A face that cannot be compared is a person all the same: it counts where several faces matter.
    if (!usable) return { box: face.box, embedding: NO_EMBEDDING, weight: WEIGHT_MIN, fault: MODEL_FAULT };
    const low = qualityFault(face.quality, this.#parts.config.faces.quality);
    const fault = low && noClaim(low.reason, `the face is ${low.text}`);
    return { box: face.box, embedding, weight: Math.max(WEIGHT_MIN, face.quality.overall), fault };
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

const livenessRule = ({ motion, aliveSeconds, timeoutMs, lockoutMs }: Config['liveness']): LivenessTracksRule => ({
  liveness: { ...LIVENESS_TRACKS_RULE.liveness, motion, aliveS: aliveSeconds, timeoutMs, spoofMs: lockoutMs },
  placeLock: { ...LIVENESS_TRACKS_RULE.placeLock, lockMs: lockoutMs, rowMaxMs: 3 * lockoutMs, restMs: lockoutMs },
});

/** In place of an embedding that cannot be used: no track continues with it. */
const NO_EMBEDDING = new Float32Array(0);

const noClaim = (reason: NoClaim['reason'], detail: string): NoClaim => ({
  kind: 'none',
  reason,
  detail,
  distance: undefined,
});

const MODEL_FAULT = noClaim('model-fault', 'the eye uses another encoder than the gallery');

/** A frame within the limits of quality counts for something, however near to them. */
const WEIGHT_MIN = 0.1;
