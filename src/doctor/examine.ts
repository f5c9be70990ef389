/** The doctor's table of contents: what is looked at, in the order of the screen. Nothing is changed, also beside a running gate. */
import { existsSync } from 'node:fs';
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

/** How long all parts together may take: 20 s without camera. */
export const limitOf = (cameraSeconds = CAMERA_SECONDS): number =>
  PART_MS + 2 * SMALL_MS + (cameraSeconds === 0 ? 0 : CAMERA_MS + cameraSeconds * 1000);

/** @param cameraSeconds how long the camera is watched; undefined: while no gate has it, as long as is usual; 0: not at all */
export async function examine(patient: Patient, cameraSeconds: number | undefined): Promise<Checked> {
  const { config, configFile, paths, peopleFile } = patient;
  const gate = await within(SMALL_MS, lookAtGate(paths, peopleFile), undefined);
  // Where nobody knows, a camera is left to whoever may have it.
  const running = gate === undefined || isRunning(gate);
  const parts = await Promise.all([
    gate === undefined ? late('gate', SMALL_MS) : { findings: judgeGate(gate) },
    bounded('packages', PART_MS, () => lookAtPackages(config)),
    bounded('people', PART_MS, () => lookAtPeople(patient)),
    bounded('machine', PART_MS, async () =>
      judgeMachine(await readMachine(machineFiles, existing(paths.state)), paths.state, running),
    ),
    bounded('clock', PART_MS, () => lookAtClock(config)),
    bounded('broker', PART_MS, () => lookAtBroker(config)),
    bounded('settings', PART_MS, () => lookAtSettings(config, paths)),
    bounded('permissions', PART_MS, () => lookAtPermissions(configFile, paths)),
    bounded('eye', PART_MS, () => lookAtEye(config, paths)),
  ]);
  // Its tools are waited for in this very thread.
  const lines = await bounded('gpio', SMALL_MS, () => lookAtLines(config.door, paths, running));
  // Last, when nothing else takes the processor: it is judged by its speed.
  const seconds = cameraSeconds ?? CAMERA_SECONDS;
  const camera = await bounded('camera', CAMERA_MS + seconds * 1000, () => watchCamera(patient, seconds, running));
  const all = [...parts, lines, camera];
  return {
    findings: all.flatMap((part) => part.findings),
    numbers: Object.assign({}, ...all.map((part) => part.numbers ?? {})) as Record<string, number>,
  };
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
function existing(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder));
}
