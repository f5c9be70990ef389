import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../config/config.js';
import { messageOf } from '../kit/errors.js';
import { EYE_PROGRAM, EyeChild, type SandboxCommand } from './child-process.js';
import type { EyeLauncher } from './eye-process.js';
import type { EyeSettings } from './protocol.js';
import { programFolders, type SandboxHost, sandboxArguments, whyNoSandbox } from './sandbox.js';
import { UnitEye } from './unit-connection.js';

const BUBBLEWRAP = 'bwrap';
/** A machine that is busy starting; the answer itself takes some 10 ms. */
const PROBE_MS = 10_000;

/** Why the eye is not confined, as a danger among the state's warnings. */
export const unconfinedDanger = (why: string): string =>
  `eye-unconfined: whoever takes over the eye can do what the gate can, open the door included: ${why}`;

/**
 * How eyes are started here: by systemd in their own unit where `eye.socket` names it, otherwise as children, in a sandbox where the
 * machine lets bubblewrap make one.
 */
export async function eyeLauncher(settings: EyeSettings, { socket, sandbox }: Config['eye']): Promise<EyeLauncher> {
  if (socket !== null) {
    const launch: EyeLauncher['launch'] = (events) => new UnitEye(events, socket);
    return { confinement: 'unit', unconfinedBecause: undefined, untried: undefined, launch };
  }
  const tried = sandbox === 'none' ? { impossible: 'eye.sandbox is none' } : await trySandbox(settings, EYE_PROGRAM);
  const unconfinedBecause = tried.impossible;
  return {
    confinement: unconfinedBecause === undefined ? 'sandbox' : 'none',
    unconfinedBecause,
    untried: tried.untried,
    // Made anew for each eye: what was plugged in meanwhile is covered, too.
    launch: (events) =>
      new EyeChild(
        events,
        EYE_PROGRAM,
        unconfinedBecause === undefined ? sandboxCommand(settings, EYE_PROGRAM) : undefined,
      ),
  };
}

/** A recording that is not there yet can only be seen to come where its folder is shown. */
const recording = (path: string | null): string | null =>
  path === null || path === '' || existsSync(path) ? path : dirname(resolve(path));

/** The command that runs `program` in a sandbox. @throws Error where the machine cannot be looked at */
export function sandboxCommand({ camera, faces, models }: EyeSettings, program: string): SandboxCommand {
  const networks = [models.confirmer, models.landmarks, models.encoder, ...models.liveness].map(({ file }) => file);
  const named = [faces.haar.cascade, camera?.kind === 'replay' ? recording(camera.path) : null, ...networks];
  const optional = named.filter((path) => path !== null && path !== '').map((path) => resolve(path as string));
  const needs = { node: process.execPath, readable: programFolders(program), optional, camera };
  return [BUBBLEWRAP, ...sandboxArguments(needs, host())];
}

/** What came of trying a sandbox; neither: it can be made. */
export interface TriedSandbox {
  /** Why there can be none here. */
  readonly impossible?: string;
  /** Why that could not be found out: an eye is started in one, or not at all. */
  readonly untried?: string;
}

/** Tries whether this machine lets bubblewrap make the sandbox of the eye. */
export async function trySandbox(settings: EyeSettings, program: string): Promise<TriedSandbox> {
  const impossible = whyNoSandbox(settings.camera, process.getuid?.() === 0);
  if (impossible !== undefined) return { impossible };
  try {
    const [, ...given] = sandboxCommand(settings, program);
    const env = { ...process.env, LC_ALL: 'C' };
    await promisify(execFile)(BUBBLEWRAP, [...given, 'true'], { timeout: PROBE_MS, killSignal: 'SIGKILL', env });
    return {};
  } catch (thrown) {
    const { code, stderr, signal } = thrown as ProbeFailure;
    if (code === 'ENOENT') return { impossible: 'bubblewrap is missing: apt-get install bubblewrap' };
    const said = stderr || (signal ? `it was ended by ${signal}` : messageOf(thrown));
    const why = `bubblewrap cannot make a sandbox here (${said.trim().slice(0, 200)})`;
    return isPassing(thrown as ProbeFailure) ? { untried: why } : { impossible: why };
  }
}

type ProbeFailure = Error & {
  /** Of the system where it could not be started, else its exit code. */
  readonly code?: string | number | null;
  readonly signal?: string | null;
  readonly stderr?: string;
};

/**
 * The machine had no process, memory or descriptor left, or no time, or bubblewrap was killed: that says nothing about sandboxes, and an
 * eye must not stay unconfined because the gate was started in a bad moment. A bubblewrap that crashes, or is forbidden a call, is none of it.
 */
const isPassing = ({ code, signal, stderr = '' }: ProbeFailure): boolean =>
  signal === 'SIGKILL' ||
  /^(EAGAIN|ENOMEM|EMFILE|ENFILE)$/.test(String(code)) ||
  /Resource temporarily unavailable|Cannot allocate memory|Too many open files/.test(stderr);

function host(): SandboxHost {
  const system = readdirSync('/', { withFileTypes: true })
    .filter(({ name }) => /^(usr|bin|sbin|lib\w*)$/.test(name))
    .map((entry) => {
      const path = join('/', entry.name);
      return { path, target: entry.isSymbolicLink() ? readlinkSync(path) : undefined };
    });
  const devices = readdirSync('/dev', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isCharacterDevice() || entry.isBlockDevice())
    .map((entry) => ({ path: join('/dev', entry.name), isFolder: entry.isDirectory() }));
  return { system, devices };
}
