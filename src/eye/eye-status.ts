import type { Observation } from '../face/observation.js';
import type { Confinement } from './eye-process.js';

/** The eye as the rest of the gate knows it. */
export interface EyeStatus {
  readonly state: 'starting' | 'up' | 'waiting' | 'stopped';
  /** Replacements since the gate's start. */
  readonly restarts: number;
  readonly lastFault: string | null;
  readonly pid: number | null;
  readonly rssBytes: number | null;
  readonly camera: { readonly state: string; readonly why: string | null };
  readonly confinement: Confinement;
}

export interface EyeListeners {
  onObservation(observation: Observation): void;
  /** Something in {@link EyeStatus} changed, other than `rssBytes`. */
  onStatus(status: EyeStatus): void;
}
