import type { Opening } from '../config/opening.js';
import { type ThresholdCurve, usableCurve } from '../person/thresholds.js';
import type { PeopleStore } from '../store/people-store.js';
import { Gate, type GateParts } from './gate.js';

export interface MakeGateParts
  extends Pick<GateParts, 'gallery' | 'door' | 'entry' | 'greeter' | 'onDecision' | 'onSpoof'> {
  readonly people: Pick<PeopleStore, 'get'>;
  /** The encoder in use and what was measured of it; null where it was not measured. */
  readonly models: { readonly encoder: string; readonly curve: ThresholdCurve | null };
}

/** The gate as the configuration wants it. @throws OperatingError KAIMON_ENCODER_UNMEASURED */
export function makeGate({ config, clock }: Opening, { people, models, ...parts }: MakeGateParts): Gate {
  const curve = usableCurve(models.curve, models.encoder, config.decision.threshold);
  return new Gate({ ...parts, config, curve, person: (id) => people.get(id), clock });
}
