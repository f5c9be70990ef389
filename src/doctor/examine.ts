/** The doctor's table of contents: what is looked at, in the order of the screen. Nothing is changed, also beside a running gate. */
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../config/config.js';
import type { Paths } from '../config/paths.js';
import { readMachine } from '../host/machine/machine-facts.js';
import { machineFiles } from '../host/machine/machine-files.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import type { Vault } from '../kit/sealing/vault.js';
import { systemClock } from '../kit/system-clock.js';
import { type Checked, findings, ok, problem } from './finding.js';
import { isRunning, judgeGate } from './judge/gate.js';
import { judgeMachine } from './judge/machine.js';
import { lookAtBroker } from './look-at-broker.js';
import { lookAtCamera } from './look-at-camera.js';
import { lookAtEye } from './look-at-eye.js';
import { lookAtGate } from './look-at-gate.js';
import { lookAtLines } from './look-at-lines.js';
import { lookAtPackages } from './look-at-packages.js';
import { lookAtPeople } from './look-at-people.js';
import { lookAtClock, lookAtPermissions, lookAtSettings } from './look-at-settings.js';

/** What is examined. */
export interface Patient {
  readonly config: Config;
  readonly configFile: string | null;
  readonly paths: Paths;
  readonly peopleFile: string;
  readonly calibrationFile: string;
  readonly networks: string;
  readonly vault: Vault;
  readonly log: Log;
}

/** A part that has not answered by then does not. */
const PART_MS = 14_000;
/** Small files, and tools that answer at once. */
const SMALL_MS = 3_000;
/** An eye that starts slowly, and a camera that opens slowly, before the seconds that are asked for. */
const CAMERA_MS = 25_000;
/** As long as is usual. */
const CAMERA_SECONDS = 5;

/** How long all parts together may take: 23 s without camera. */
export const limitOf = (cameraSeconds = CAMERA_SECONDS): number =>
  PART_MS + 3 * SMALL_MS + (cameraSeconds === 0 ? 0 : CAMERA_MS + cameraSeconds * 1000);

/** What is looked at, in the order of the screen. */
export const PARTS = [
  'gate',
  'packages',
  'people',
  'machine',
  'clock',
  'broker',
  'settings',
  'permissions',
  'eye',
  'gpio',
  'camera',
] as const;

/**
 * @param cameraSeconds how long the camera is watched; undefined: while no gate has it, as long as is usual; 0: not at all
 * @param tell hears each part as soon as it is done: a later one may hang for good
 */
export async function examine(
  patient: Patient,
  cameraSeconds: number | undefined,
  tell: (part: (typeof PARTS)[number], found: Checked) => void,
): Promise<void> {
  const { config, configFile, paths } = patient;
  const look = async (part: (typeof PARTS)[number], ms: number, act: () => Promise<Checked>) =>
    tell(part, await bounded(part, ms, act));
  const gate = await within(SMALL_MS, lookAtGate(patient), undefined);
  tell('gate', gate === undefined ? late('gate', SMALL_MS) : { findings: judgeGate(gate) });
  // Where nobody knows, a camera is left to whoever may have it.
  const running = gate === undefined || isRunning(gate);
  const machine = async () =>
    judgeMachine(await readMachine(machineFiles, await existing(paths.state)), paths.state, running);
  await Promise.all([
    look('packages', PART_MS, () => lookAtPackages(config)),
    look('people', PART_MS, () => lookAtPeople(patient)),
    look('machine', PART_MS, machine),
    look('clock', PART_MS, () => lookAtClock(config)),
    look('broker', PART_MS, () => lookAtBroker(config, running)),
    look('permissions', PART_MS, () => lookAtPermissions(configFile, paths)),
    look('eye', PART_MS, () => lookAtEye(config, paths)),
  ]);
  // Files and tools that are waited for in this very thread: what is told already is told.
  await look('settings', SMALL_MS, () => lookAtSettings(config, paths));
  await look('gpio', SMALL_MS, () => lookAtLines(config.door, paths, running));
  // Last, when nothing else takes the processor: it is judged by its speed.
  const seconds = cameraSeconds ?? CAMERA_SECONDS;
  await look('camera', CAMERA_MS + seconds * 1000, () => watchCamera(patient, seconds, running));
}

async function watchCamera({ config, paths }: Patient, seconds: number, running: boolean): Promise<Checked> {
  if (running) return findings(ok('camera', 'the running gate has it: see there'));
  if (seconds === 0) return findings(ok('camera', 'not looked at (--camera 0)'));
  return lookAtCamera(config, paths, seconds);
}

/** What does not answer in time is a problem of its own; how it ends nobody learns. */
function bounded(what: string, ms: number, look: () => Promise<Checked>): Promise<Checked> {
  const found = look().catch((thrown: unknown) => findings(problem(what, explain(thrown))));
  return within(ms, found, late(what, ms));
}

const late = (what: string, ms: number): Checked =>
  findings(problem(what, `no answer within ${ms / 1000} s`, 'does its disk or its program hang?'));

function within<T>(ms: number, work: Promise<T>, otherwise: T): Promise<T> {
  return new Promise((resolve) => {
    const timer = systemClock.after(ms, () => resolve(otherwise));
    void work.then((value) => {
      timer.cancel();
      resolve(value);
    });
  });
}

/** The folder, or the nearest one above it that is there. */
async function existing(folder: string): Promise<string> {
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  return isThere || dirname(folder) === folder ? folder : existing(dirname(folder));
}
