import { join } from 'node:path';
import type { Paths } from '../config/paths.js';
import { readPlainFile } from '../kit/files/plain-file.js';
import { lockHolder } from '../kit/files/writer-lock.js';
import { systemClock } from '../kit/system-clock.js';
import { type GateFile, type GateLook, gateStateSchema } from './judge/gate.js';

/** The file in the run folder into which a running gate writes how it is. */
const STATE_FILE = 'state.json';
const STATE_BYTES_MAX = 256 * 1024;

/** Whether a gate runs with these folders, and what it says of itself. Never rejects: what cannot be read is not known. */
export async function lookAtGate(paths: Paths, peopleFile: string): Promise<GateLook> {
  const [pid, said] = await Promise.all([
    lockHolder(`${peopleFile}.lock`).catch(() => undefined),
    readState(join(paths.run, STATE_FILE)),
  ]);
  return { pid, said, ageMs: said === undefined ? 0 : ageOf(said) };
}

const ageOf = ({ time, monotonicMs }: GateFile): number =>
  monotonicMs === undefined ? systemClock.wall() - Date.parse(time) : systemClock.monotonic() - monotonicMs;

async function readState(file: string): Promise<GateFile | undefined> {
  try {
    return gateStateSchema.parse(JSON.parse((await readPlainFile(file, STATE_BYTES_MAX)).toString('utf8')));
  } catch {
    // Not there, or of another version: the doctor looks for itself.
    return undefined;
  }
}
