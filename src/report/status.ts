// pure
import type { Confinement } from '../eye/eye-process.js';
import type { EyeStatus } from '../eye/eye-status.js';
import type { PassageCounts } from '../passback/passage-detection.js';
import type { ChosenThreshold } from '../person/thresholds.js';

/** The states of the gate's parts. */
export interface PartStates {
  readonly door: { readonly mode: string; readonly state: string };
  /** What is wrong at the door, in sentences. */
  readonly doorProblems: readonly string[];
  readonly eye: EyeStatus;
  /** Why people are not saved, if so. */
  readonly peopleFault: string | null;
  /** Why the journal is not written, if so. */
  readonly journalFault: string | null;
  readonly threshold: ChosenThreshold;
  readonly passages: PassageCounts;
  /** Milliseconds since the last frame was measured or need not be, or since the camera began to deliver. */
  readonly blindMs: number;
  /** Dangerous settings, in sentences. */
  readonly warnings: readonly string[];
}

/** The gate's state as MQTT and systemd show it. */
export interface GateState {
  readonly status: 'online' | 'degraded';
  readonly door: { readonly mode: string; readonly state: string };
  readonly camera: string;
  readonly eye: string;
  readonly eyeConfinement: Confinement;
  /** Since the counter was new. */
  readonly passages: PassageCounts;
  /** Sentences; empty when all is well. */
  readonly problems: readonly string[];
  /** Settings that take from what protects the door, what was lost at the start, and that it is dark, in sentences; they change no status. */
  readonly warnings: readonly string[];
}

/** A measured frame comes several times a second. */
const BLIND_MS = 5000;

/** Puts the parts together: anything that keeps the gate from letting people in by face makes it `degraded`. */
export function gateState({
  door,
  doorProblems,
  eye,
  peopleFault,
  journalFault,
  threshold,
  passages,
  blindMs,
  warnings,
}: PartStates): GateState {
  const problems: string[] = [...doorProblems];
  if (eye.state === 'stopped' && eye.lastFault !== null) problems.push(`no face can be recognised: ${eye.lastFault}`);
  if (eye.state === 'waiting') problems.push(`the eye was lost: ${eye.lastFault ?? 'unknown'}`);
  if (eye.state === 'up' && eye.camera.state === 'waiting') problems.push(`no camera: ${eye.camera.why ?? 'unknown'}`);
  const sees = eye.state === 'up' && eye.camera.state === 'live';
  const { why, fault } = eye.camera;
  // A hall is dark each night, which nobody wants to be called for; a lens that is covered cannot be told from it.
  const dark = sees && fault === 'dark' && why !== null ? [why] : [];
  if (sees && why !== null && fault !== 'dark') problems.push(why);
  else if (sees && blindMs > BLIND_MS) problems.push('the camera delivers, but nothing has been measured for seconds');
  if (peopleFault !== null) problems.push(`people cannot be changed or saved: ${peopleFault}`);
  if (journalFault !== null) problems.push(`the journal is not written: ${journalFault}`);
  if (threshold.tooLarge) problems.push('more people than this encoder can tell apart at decision.targetFpir');
  return {
    status: problems.length === 0 && sees ? 'online' : 'degraded',
    door,
    camera: eye.camera.state,
    eye: eye.state,
    eyeConfinement: eye.confinement,
    passages,
    problems,
    warnings: [...warnings, ...dark],
  };
}

/** The state as this machine sees it: with what is wrong between the gate and its site, which the site adds itself where it hears of the gate. */
export const withSite = (state: GateState, site: readonly string[]): GateState =>
  site.length === 0 ? state : { ...state, status: 'degraded', problems: [...state.problems, ...site] };

/** One line for `systemctl status`. */
export function statusLine({ status, door, camera, eye, problems }: GateState, people: number): string {
  const base = `${status}; door ${door.state}; camera ${camera}; eye ${eye}; ${people} people`;
  return problems.length > 0 ? `${base}; ${problems.join('; ')}` : base;
}
