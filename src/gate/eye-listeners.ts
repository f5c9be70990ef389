import type { EyeListeners, EyeStatus } from '../eye/eye-status.js';
import type { Signal } from '../kit/signal.js';
import type { Gate } from './gate.js';
import type { PaceWatch } from './pace-watch.js';

/** Who hears what the eye has seen, and how it is: the gate first, since people wait for it. */
export const eyeListeners = (to: {
  readonly gate: Pick<Gate, 'see' | 'repeats'>;
  readonly pace: Pick<PaceWatch, 'see'>;
  readonly reports: { readonly eye: (status: EyeStatus) => void };
  readonly changed: Pick<Signal, 'raise'>;
}): EyeListeners => ({
  onObservation(observation) {
    to.gate.see(observation);
    to.pace.see(observation);
  },
  onRepeats: () => to.gate.repeats(),
  onStatus(status) {
    to.reports.eye(status);
    to.changed.raise();
  },
});
