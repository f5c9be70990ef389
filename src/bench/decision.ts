import type { Config } from '../config/config.js';
import { DoorKeeper } from '../door/door-keeper.js';
import { SimulatedLock } from '../door/simulated-lock.js';
import type { Observation } from '../face/observation.js';
import { byDatesOnly } from '../gate/entry-policy.js';
import { Gate } from '../gate/gate.js';
import { silentLog } from '../kit/log.js';
import { systemClock as clock } from '../kit/system-clock.js';
import type { ModelSet } from '../models/model-set.js';
import { Gallery } from '../person/gallery.js';
import { usableCurve } from '../person/thresholds.js';
import { madeUpPerson } from './made-up-person.js';
import { type Timing, timed } from './timer.js';

export interface DecisionFigures {
  /** One template each. */
  readonly people: number;
  readonly whole: Timing;
}

const PEOPLE = [2, 420, 10_000] as const;

/** Times the gate's part, from a parsed Observation to a decision, for small and large galleries of made-up people. */
export async function benchDecision(
  observation: Observation,
  { encoder, dimension, curve }: ModelSet,
  config: Config,
): Promise<DecisionFigures[]> {
  const figures: DecisionFigures[] = [];
  for (const people of PEOPLE) {
    const gallery = new Gallery(encoder, dimension);
    for (let i = 0; i < people; i++) gallery.set(madeUpPerson(`p${i}`, { encoder, dimension, templates: 1 }));
    const door = new DoorKeeper(new SimulatedLock(clock), clock, silentLog, config.door, () => undefined);
    const report = () => undefined;
    const gate = new Gate({
      config,
      curve: usableCurve(curve, encoder, config.decision.threshold),
      gallery,
      person: () => undefined,
      door,
      entry: byDatesOnly(clock),
      greeter: undefined,
      clock,
      onDecision: report,
      onSpoof: report,
    });
    const whole = await timed((frame) => gate.see({ ...observation, frame, takenMs: clock.monotonic() }));
    door.stop();
    figures.push({ people, whole });
  }
  return figures;
}
