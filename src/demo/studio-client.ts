import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { OperatingError } from '../kit/errors.js';
import { NATIVE_FLAGS } from '../kit/native-flags.js';
import type { StudioJob } from './studio-jobs.js';

const PROGRAM = fileURLToPath(new URL('./studio.js', import.meta.url));

/** Has one job done in a process of its own. @param onProgress gets 0…1. @throws OperatingError when it fails */
export async function inStudio(job: StudioJob, onProgress: (share: number) => void = () => undefined): Promise<void> {
  const child = spawn(process.execPath, [...NATIVE_FLAGS, PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => onProgress(Number(line)));
  // A child that died early is reported by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(job));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new OperatingError(
      'KAIMON_STUDIO',
      `the demo's ${job.job} could not be made: see the line above, or run scripts/setup`,
    );
}
