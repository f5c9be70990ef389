import type { PictureFault } from '../camera/picture-fault.js';
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
  readonly camera: {
    readonly state: string;
    /** What is wrong with it, in a sentence. */
    readonly why: string | null;
    /** What is wrong with its pictures, if that is it. */
    readonly fault?: PictureFault | undefined;
  };
  readonly confinement: Confinement;
}

export interface EyeListeners {
  onObservation(observation: Observation): void;
  /** The camera repeats its pictures, which are not measured: all is as it was last observed, as far as anybody knows. */
  onRepeats(): void;
  /** Something in {@link EyeStatus} changed, other than `rssBytes`. */
  onStatus(status: EyeStatus): void;
}

export const NOBODY_LISTENS: EyeListeners = {
  onObservation: () => undefined,
  onRepeats: () => undefined,
  onStatus: () => undefined,
};
