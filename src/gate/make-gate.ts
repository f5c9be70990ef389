import type { Opening } from '../config/opening.js';
import { type ThresholdCurve, usableCurve } from '../person/thresholds.js';
import type { PeopleStore } from '../store/people-store.js';
import type { Decision, Spoof } from './decision-report.js';
import { Gate, type GateParts } from './gate.js';

export interface MakeGateParts extends Pick<GateParts, 'gallery' | 'door' | 'entry' | 'greeter'> {
  readonly people: Pick<PeopleStore, 'get'>;
  /** The encoder in use and its measured error rates; null where nobody measured them. */
  readonly models: { readonly encoder: string; readonly curve: ThresholdCurve | null };
  /** Port: who learns of decisions and attacks. */
  readonly reports: { decision(decision: Decision): void; spoof(spoof: Spoof): void };
  /** Port: keeps a picture of an attack where that is wanted; nothing waits for it. */
  readonly pictures: { keep(track: number): Promise<unknown> };
}

/** The gate as the configuration wants it. @throws OperatingError KAIMON_ENCODER_UNMEASURED */
export function makeGate({ config, clock }: Opening, parts: MakeGateParts): Gate {
  const { people, models, reports, pictures, ...rest } = parts;
  return new Gate({
    ...rest,
    config,
    curve: usableCurve(models.curve, models.encoder, config.decision.threshold),
    person: (id) => people.get(id),
    clock,
    onDecision: (decision) => reports.decision(decision),
    onSpoof(spoof) {
      reports.spoof(spoof);
      void pictures.keep(spoof.track);
    },
  });
}
