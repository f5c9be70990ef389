import type { EyeListeners } from '../eye/eye-status.js';
import type { Observation } from '../face/observation.js';
import type { Clock, MonotonicMs } from '../kit/clock.js';
import { known, type MetricName } from './catalogue.js';
import type { Instruments } from './instruments.js';

type Fields = Readonly<Record<string, unknown>>;

/** Counts what the reporter tells. Of its fields only those are looked at that name nobody. */
export class EventCounts {
  readonly #instruments: Instruments;

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
    this.#showCountersOfNothing();
  }

  /** @param type of the report, as the site gets it */
  heard(type: string, fields: Fields): void {
    const metrics = this.#instruments;
    switch (type) {
      case 'granted':
      case 'refused':
        this.#decision(type, fields);
        return;
      case 'spoof':
        metrics.count('kaimon_spoofs_total');
        return;
      case 'attack-alarm':
        if (fields['phase'] === 'begins') metrics.count('kaimon_attack_alarms_total');
        metrics.set('kaimon_attack_alarm', fields['phase'] !== 'ends');
        return;
      case 'door':
        metrics.count('kaimon_door_changes_total', {
          state: known('state', fields['state']),
          cause: known('cause', fields['cause']),
        });
        return;
      case 'held-open':
      case 'forced':
        if (fields['phase'] === 'begins')
          metrics.count('kaimon_door_alarms_total', { alarm: type === 'forced' ? 'forced' : 'held' });
        return;
      case 'tamper':
      case 'fire':
      case 'exit-stuck':
        if (fields['active'] === true) metrics.count('kaimon_door_alarms_total', { alarm: type });
        return;
      case 'passed':
        metrics.count('kaimon_passages_total', { direction: known('direction', fields['direction']) });
        return;
      default:
        if (type in PLAIN) metrics.count(PLAIN[type as keyof typeof PLAIN]);
    }
  }

  #decision(result: string, fields: Fields): void {
    this.#instruments.count('kaimon_decisions_total', { result, reason: known('reason', fields['reason'] ?? 'none') });
    const { afterMs } = fields;
    if (result === 'granted' && typeof afterMs === 'number')
      this.#instruments.observe('kaimon_grant_seconds', afterMs / 1000);
  }

  /** A counter that appears with its first 1 has not grown for whoever reckons with rates. */
  #showCountersOfNothing(): void {
    const metrics = this.#instruments;
    metrics.set('kaimon_attack_alarm', false);
    metrics.addNothing('kaimon_decisions_total', { result: 'granted', reason: 'none' });
    for (const alarm of ['held', 'forced', 'tamper', 'fire', 'exit-stuck'])
      metrics.addNothing('kaimon_door_alarms_total', { alarm });
  }
}

/** Reports of which it counts only that they came. */
const PLAIN = {
  exit: 'kaimon_exit_button_total',
  enrolled: 'kaimon_enrolments_total',
  removed: 'kaimon_removals_total',
} as const satisfies Readonly<Record<string, MetricName>>;

/** The same listeners, with how long each frame took. */
export const timed = (
  listeners: EyeListeners,
  instruments: Instruments,
  clock: Pick<Clock, 'monotonic'>,
  guard: (act: () => void) => void,
): EyeListeners => ({
  ...listeners,
  onObservation(observation) {
    const came = clock.monotonic();
    listeners.onObservation(observation);
    const decided = clock.monotonic();
    guard(() => countFrame(instruments, observation, came, decided));
  },
});

function countFrame(metrics: Instruments, observation: Observation, came: MonotonicMs, decided: MonotonicMs): void {
  const { takenMs, measuredMs, faces, followed } = observation;
  // Its faces were found again in a moment, and nothing was measured on them.
  if (followed) return;
  metrics.count('kaimon_frames_total');
  if (faces.length === 0) return;
  metrics.add('kaimon_faces_total', faces.length);
  metrics.observe('kaimon_frame_decision_seconds', (decided - takenMs) / 1000);
  const stages = { measure: measuredMs - takenMs, 'hand-over': came - measuredMs, decide: decided - came };
  for (const [stage, ms] of Object.entries(stages)) metrics.observe('kaimon_frame_stage_seconds', ms / 1000, { stage });
}
