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
    return { confinement: 'unit', unconfinedBecause: undefined, launch };
  }
  const made = sandbox === 'none' ? { why: 'eye.sandbox is none' } : await eyeSandbox(settings, EYE_PROGRAM);
  const command = 'command' in made ? made.command : undefined;
  return {
    confinement: command ? 'sandbox' : 'none',
    unconfinedBecause: 'why' in made ? made.why : undefined,
    // Made anew for each eye: what was plugged in meanwhile is covered, too.
    launch: (events) => new EyeChild(events, EYE_PROGRAM, command && sandboxCommand(settings, EYE_PROGRAM)),
  };
}

/** A recording that is not there yet can only be seen to come where its folder is shown. */
const recording = (path: string | null): string | null =>
  path === null || path === '' || existsSync(path) ? path : dirname(resolve(path));

function sandboxCommand({ camera, faces, models }: EyeSettings, program: string): SandboxCommand {
  const networks = [models.confirmer, models.landmarks, models.encoder, ...models.liveness].map(({ file }) => file);
  const named = [faces.haar.cascade, camera?.kind === 'replay' ? recording(camera.path) : null, ...networks];
  const optional = named.filter((path) => path !== null && path !== '').map((path) => resolve(path as string));
  const needs = { node: process.execPath, readable: programFolders(program), optional, camera };
  return [BUBBLEWRAP, ...sandboxArguments(needs, host())];
}

/** The command that runs `program` in a sandbox, tried out; or why there is none. */
export async function eyeSandbox(
  settings: EyeSettings,
  program: string,
): Promise<{ readonly command: SandboxCommand } | { readonly why: string }> {
  const why = whyNoSandbox(settings.camera, process.getuid?.() === 0);
  if (why !== undefined) return { why };
  const command = sandboxCommand(settings, program);
  try {
    await promisify(execFile)(BUBBLEWRAP, [...command.slice(1), 'true'], { timeout: PROBE_MS, killSignal: 'SIGKILL' });
    return { command };
  } catch (thrown) {
    if (isPassing(thrown as ProbeFailure)) return { command };
    const { code, stderr } = thrown as ProbeFailure;
    if (code === 'ENOENT') return { why: 'bubblewrap is missing: apt-get install bubblewrap' };
    return { why: `bubblewrap cannot make a sandbox here (${(stderr || messageOf(thrown)).trim().slice(0, 200)})` };
  }
}

type ProbeFailure = NodeJS.ErrnoException & { readonly stderr?: string; readonly killed?: boolean };

/**
 * The machine could start no process, or not in time: that says nothing about sandboxes. An eye is started in one all the same, or, as long as
 * it cannot be, not at all; it must not stay unconfined because the gate was started in a bad moment.
 */
const isPassing = ({ code, stderr = '', killed }: ProbeFailure): boolean =>
  killed === true ||
  code === 'EAGAIN' ||
  code === 'ENOMEM' ||
  /Resource temporarily unavailable|Cannot allocate memory/.test(stderr);

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
