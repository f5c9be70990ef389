import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Config } from '../config/config.js';
import { eyeEnvironment } from '../eye/environment.js';
import { messageOf } from '../kit/errors.js';
import { NATIVE_FLAGS } from '../kit/native-flags.js';
import type { Checked } from './finding.js';
import { judgePackages, type PackageLook } from './judge/packages.js';

const LOADER = fileURLToPath(new URL('./load-package.js', import.meta.url));
/** A small board loads OpenCV in some seconds when its disk has not read it yet. */
const LOAD_MS = 13_000;

const run = promisify(execFile);

/**
 * Loads each native package in a process of its own, and starts each program that is needed.
 * @param limitMs what one of them may take
 */
export async function lookAtPackages(
  { door, greeting }: Pick<Config, 'door' | 'greeting'>,
  limitMs = LOAD_MS,
): Promise<Checked> {
  const limits = { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 } as const;
  const load = (name: string, why: PackageLook['why']) => loaded(name, why, limits);
  const program = (name: string, debian: string, why: PackageLook['why']) => started(name, debian, why, limits);
  const wires = door.kind === 'gpio' && door.gpio.backend !== 'simulated';
  const speaks = greeting.enabled && greeting.speak;
  const looks = await Promise.all([
    load('OpenCV', 'needed'),
    load('ONNX Runtime', 'needed'),
    load('unix-dgram', 'better'),
    ...(wires && door.gpio.backend !== 'gpiod'
      ? [load('onoff', door.gpio.backend === 'onoff' ? 'needed' : 'other-way')]
      : []),
    ...(wires && door.gpio.backend !== 'onoff'
      ? [program('gpioset', 'gpiod', door.gpio.backend === 'gpiod' ? 'needed' : 'other-way')]
      : []),
    ...(speaks ? [program('espeak-ng', 'espeak-ng', 'voice'), program('aplay', 'alsa-utils', 'voice')] : []),
  ]);
  return { findings: judgePackages(process.version, looks) };
}

interface Limits {
  readonly timeout: number;
  readonly killSignal: 'SIGKILL';
  readonly maxBuffer: number;
}

async function loaded(name: string, why: PackageLook['why'], limits: Limits): Promise<PackageLook> {
  try {
    const { stdout } = await run(process.execPath, [...NATIVE_FLAGS, LOADER, name], {
      ...limits,
      env: eyeEnvironment(process.env),
    });
    return { name, why, version: stdout.trim().split('\n').at(-1) ?? '', advice: undefined, fault: undefined };
  } catch (thrown) {
    const advice = isLate(thrown)
      ? 'is the machine very busy, or its disk slow? Try again when it is not'
      : 'run scripts/setup, which builds it for this machine; or install the Debian package again';
    return { name, why, version: '', fault: faultOf(thrown, limits), advice };
  }
}

async function started(name: string, debian: string, why: PackageLook['why'], limits: Limits): Promise<PackageLook> {
  try {
    const { stdout } = await run(name, ['--version'], limits);
    const version = /\d+(\.\d+)+/.exec(stdout)?.[0] ?? '';
    return { name, why, version, fault: undefined, advice: undefined };
  } catch (thrown) {
    return { name, why, version: '', fault: faultOf(thrown, limits), advice: `sudo apt-get install ${debian}` };
  }
}

/** Whether the time limit has ended it. */
const isLate = (thrown: unknown): boolean => (thrown as { killed?: boolean }).killed === true;

/** What went wrong, in one line: of a Node process the line that names the error. */
function faultOf(thrown: unknown, { timeout }: Limits): string {
  const { code, signal, stderr = '' } = thrown as { code?: unknown; signal?: string | null; stderr?: string };
  if (code === 'ENOENT') return 'it is not installed';
  if (isLate(thrown)) return `it did not answer within ${timeout / 1000} s`;
  if (signal) return `it was ended by ${signal}`;
  const named = stderr.split('\n').find((line) => /^\w*(Error|\[cause\])/.test(line.trim()));
  return (named ?? messageOf(thrown).split('\n')[0] ?? '').trim().slice(0, 200);
}
