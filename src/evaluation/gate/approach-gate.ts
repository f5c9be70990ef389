import type { Config } from '../../config/config.js';
import { DoorKeeper } from '../../door/door-keeper.js';
import { SimulatedLock } from '../../door/simulated-lock.js';
import { qualityFault } from '../../face/quality.js';
import { byDatesOnly } from '../../gate/entry-policy.js';
import { Gate } from '../../gate/gate.js';
import { silentLog } from '../../kit/log.js';
import { ManualClock } from '../../kit/manual-clock.js';
import type { Gallery } from '../../person/gallery.js';
import type { Person } from '../../person/person.js';
import type { ThresholdCurve } from '../../person/thresholds.js';
import { type Approach, type Grant, type JudgedApproach, longestRow } from './approaches.js';
import type { SeenFrame } from './gate-protocol.js';

/** What the gate of an evaluation knows. */
export interface GateKnowledge {
  readonly config: Config;
  readonly curve: ThresholdCurve;
  readonly gallery: Gallery;
  readonly people: ReadonlyMap<string, Person>;
}

/** An approach that ends too early has neither a grant nor a refusal. */
const UNDECIDED = 'ended before a decision';

/**
 * Shows the frames of one approach to a gate that has just been started, each at its own time by a simulated clock: what
 * it decides does not depend on how fast this machine is. @param frames ascending in time
 */
export function showApproach(
  { name, kind, person, timed }: Approach,
  frames: readonly SeenFrame[],
  { config, curve, gallery, people }: GateKnowledge,
): JudgedApproach {
  const clock = new ManualClock();
  const door = new DoorKeeper(new SimulatedLock(clock), clock, silentLog, config.door, () => undefined);
  const withFace = frames.filter(({ faces }) => faces.length > 0).map(({ atMs }) => atMs);
  const isUsable = ({ faces }: SeenFrame) =>
    faces.some(({ quality }) => qualityFault(quality, config.faces.quality) === undefined);
  const firstUsable = frames.findIndex(isUsable);
  const sinceMs = frames[firstUsable]?.atMs ?? withFace[0] ?? 0;
  const since = () => Math.max(0, clock.monotonic() - sinceMs) / 1000;
  const grants: Grant[] = [];
  let refusedAfter: number | null = null;
  let reason = withFace.length > 0 ? UNDECIDED : 'no-face';
  const gate = new Gate({
    config,
    curve,
    gallery,
    person: (id) => people.get(id),
    door,
    entry: byDatesOnly(clock),
    greeter: undefined,
    clock,
    onSpoof: () => undefined,
    onDecision(decision) {
      if (decision.type === 'granted') {
        const usableFrames = decision.frame - Math.max(0, firstUsable) + 1;
        grants.push({ person: decision.person?.id ?? '', seconds: since(), frames: usableFrames });
        return;
      }
      refusedAfter ??= since();
      if (reason !== 'spoof') reason = decision.reason ?? UNDECIDED;
    },
  });
  try {
    frames.forEach(({ atMs, ...seen }, frame) => {
      clock.advance(Math.max(0, atMs - clock.monotonic()));
      const takenMs = clock.monotonic();
      gate.see({ kind: 'observation', frame, takenMs, measuredMs: takenMs, encoder: gallery.encoder, ...seen });
    });
  } finally {
    door.stop();
  }
  const refused = grants.length === 0;
  const inARow = longestRow(withFace);
  return {
    name,
    kind,
    person,
    timed,
    frames: frames.length,
    inARow,
    grants,
    refusedAfter,
    reason: refused ? reason : null,
  };
}
