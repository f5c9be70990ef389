import type { EyeListeners, EyeStatus } from '../eye/eye-status.js';
import type { EyeSupervisor } from '../eye/supervisor.js';
import type { Signal } from '../kit/signal.js';
import type { Gate } from './gate.js';
import type { PaceWatch } from './pace-watch.js';

/** Who hears what the eye has seen, and how it is: the gate first, since people wait for it. */
export const eyeListeners = (to: {
  readonly eye: Pick<EyeSupervisor, 'settle'>;
  readonly gate: Pick<Gate, 'see' | 'repeats'>;
  readonly pace: Pick<PaceWatch, 'see'>;
  readonly reports: { readonly eye: (status: EyeStatus) => void };
  readonly changed: Pick<Signal, 'raise'>;
}): EyeListeners => ({
  onObservation(observation) {
    const settled = to.gate.see(observation);
    if (settled.length > 0) to.eye.settle(observation, settled);
    to.pace.see(observation);
  },
  onRepeats: () => to.gate.repeats(),
  onStatus(status) {
    to.reports.eye(status);
    to.changed.raise();
  },
});
