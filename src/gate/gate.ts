/** One observation's journey: track → person → liveness → decision → door → report → voice. */
import { type Checks, type DecisionMemory, decide, EMPTY_MEMORY, type Outcome, stillSeen } from '../access/decision.js';
import type { NoClaim } from '../access/evidence.js';
import { identify, NEWEST_SLACK } from '../access/identify.js';
import { REASONS } from '../access/reasons.js';
import {
  type ComparableFace,
  followFaces,
  moveTracks,
  NO_TRACKS,
  type Sighting,
  type Track,
  type Tracks,
} from '../access/track.js';
import { whoWaits } from '../access/waiting.js';
import type { Config } from '../config/config.js';
import type { DoorKeeper } from '../door/door-keeper.js';
import { SAME_FACE_IOU } from '../face/geometry.js';
import type { Box, MeasuredFace, Observation } from '../face/observation.js';
import { qualityFault } from '../face/quality.js';
import type { Clock, MonotonicMs } from '../kit/clock.js';
import { decodeVector } from '../kit/vector.js';
import type { TrackLiveness } from '../liveness/liveness-tracks.js';
import { isUnit, squaredDistance } from '../person/distance.js';
import type { Gallery } from '../person/gallery.js';
import type { Person } from '../person/person.js';
import { type ChosenThreshold, chooseForVisits, chooseThreshold, type ThresholdCurve } from '../person/thresholds.js';
import type { Greeter } from '../voice/greeter.js';
import type { Advice } from '../voice/phrases.js';
import { adviceAbout, adviceFor } from './advice-for.js';
import { Advising } from './advising.js';
import type { Decision, Spoof } from './decision-report.js';
import type { EntryPolicy } from './entry-policy.js';
import { LivenessJudge } from './liveness-judge.js';

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

/** A track unseen for a second is over. */
const FOLLOWING = { minIou: SAME_FACE_IOU, lostMs: 1000 };

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
  /** When what was last seen was judged. */
  #judgedMs: MonotonicMs | undefined;
  readonly #liveness: LivenessJudge;
  readonly #advising: Advising;

  constructor(parts: GateParts) {
    this.#parts = parts;
    const sameFace = parts.curve['1e-3'].threshold;
    this.#liveness = new LivenessJudge({
      config: parts.config.liveness,
      looksAlike: (a, b) => a.length === b.length && squaredDistance(a, b) <= sameFace,
      entry: parts.entry,
    });
    this.#advising = new Advising(parts.greeter);
  }

  /** The distance within which the frames of a track count as a person's; follows the number of templates. */
  get threshold(): ChosenThreshold {
    const { config, curve, gallery } = this.#parts;
    return chooseForVisits(curve, config.decision, gallery.templates);
  }

  /** The distance within which two photos count as one person's. */
  get photoThreshold(): number {
    return this.claimThreshold(this.#parts.gallery.templates);
  }

  /** The same where a photo is compared with so many templates only: those of one person, whose id was given. */
  claimThreshold(templates: number): number {
    const { config, curve } = this.#parts;
    const { targetFpir, threshold } = config.decision;
    return chooseThreshold(curve, targetFpir, templates, threshold).threshold;
  }

  /** The camera repeats its pictures. */
  repeats(): void {
    const now = this.#parts.clock.monotonic();
    if (this.#judgedMs !== undefined) this.#memory = stillSeen(this.#memory, this.#judgedMs, now);
    this.#judgedMs = now;
  }

  /** Decides on one observation and acts on it. @returns the numbers of its faces on which nothing is left to decide */
  see(observation: Observation): readonly number[] {
    const { config, curve, clock, gallery } = this.#parts;
    const { faces, followed, frame, takenMs, encoder } = observation;
    const now = clock.monotonic();
    const taken = takenMs as typeof now;
    // Nothing was seen in the future: what an eye gone wrong says of it would stand in the way until then.
    if (!(taken <= now)) return [];
    if (followed) {
      this.#follow(followed, frame, taken, now);
      return [];
    }
    const { threshold } = this.threshold;
    const sightings = faces.map((face) => this.#sighting(face, encoder === gallery.encoder));
    const rule = { ...FOLLOWING, ...jumpsOf(curve), of: config.decision.of };
    const match = { threshold, margin: config.decision.margin, newestSlack: NEWEST_SLACK };
    const whom = (recent: readonly ComparableFace[]) => identify(recent, gallery, match);
    this.#tracks = followFaces(this.#tracks, sightings, frame, taken, rule, whom);
    const { byTrack, spoofs } = this.#liveness.see(faces, sightings, this.#tracks.tracks, taken);
    const { memory, outcomes } = decide(
      this.#memory,
      this.#tracks.tracks,
      { takenMs: taken, number: frame },
      now,
      config.decision,
      {
        whyNotEnter: this.#whyNotEnter,
        livenessRefusal: (track, person) => this.#liveness.refusalOf(track, person, taken),
        pictureOf: (track) => this.#liveness.pictureOf(track),
      },
    );
    this.#memory = memory;
    this.#judgedMs = now;
    // The door first: nothing else may come between a decision and the relay.
    const results = outcomes.map((outcome) => (outcome.kind === 'grant' ? this.#open(outcome) : outcome));
    for (const track of this.#tracks.tracks) if (spoofs.includes(track.id)) this.#spoofed(track, frame);
    for (const result of results) {
      if (result.kind === 'grant') this.#welcome(result.person);
      this.#report(result, observation, threshold);
    }
    this.#advise(results, byTrack, taken);
    return this.#settled(faces);
  }

  /** A frame that was not measured: who is there stays there, and nothing is decided, neither for anybody nor against. */
  #follow(boxes: readonly Box[], frame: number, taken: MonotonicMs, now: MonotonicMs): void {
    this.#tracks = moveTracks(this.#tracks, boxes, frame, taken, FOLLOWING);
    if (boxes.length > 0) this.repeats();
    else this.#judgedMs = now;
  }

  /** Who was let in, and what hangs there. Everybody else may still be let in, with any frame. */
  #settled(faces: readonly MeasuredFace[]): readonly number[] {
    return faces.flatMap(({ box, number }) => {
      const track = this.#tracks.tracks.find((one) => one.box === box);
      if (number === undefined || !track) return [];
      const isSettled = this.#memory.granted.has(track.id) || this.#liveness.pictureOf(track.id) === 'poster';
      return isSettled ? [number] : [];
    });
  }

  /** A picture was held to the camera. Whom it shows is what any of its frames says: more would come too late for the report. */
  #spoofed({ id, box, claims }: Track, frame: number): void {
    const { entry, onSpoof, person } = this.#parts;
    const shown = claims.findLast((claim) => claim.kind === 'person')?.id;
    entry.spoofed(shown);
    onSpoof({ track: id, frame, box, person: shown === undefined ? undefined : person(shown) });
  }

  /** Tells people what they can do: those who are refused, and those who wait for a verdict. */
  #advise(
    results: readonly Outcome[],
    liveness: ReadonlyMap<number, TrackLiveness> | undefined,
    takenMs: MonotonicMs,
  ): void {
    const { config, person: personOf } = this.#parts;
    const { tracks } = this.#tracks;
    const want = (track: number, advice: Advice | undefined, person: string | undefined) => {
      const language = person === undefined ? null : (personOf(person)?.language ?? null);
      if (advice) this.#advising.want(track, advice, language);
    };
    const waiting = liveness ? whoWaits(tracks, liveness, this.#memory, takenMs, config.decision) : [];
    for (const { track, person, why } of waiting) want(track, adviceAbout(why), person);
    for (const result of results)
      if (result.kind === 'refuse')
        want(result.track, adviceFor(result.reason, result.person !== undefined), result.person);
    this.#advising.speak(new Set(tracks.map(({ id }) => id).filter((id) => !this.#memory.granted.has(id))));
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
