import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Paths, serviceFolders, serviceUnit } from '../config/paths.js';
import { readPlainFile } from '../kit/files/plain-file.js';
import { lockHolder } from '../kit/files/writer-lock.js';
import { systemClock } from '../kit/system-clock.js';
import { runStateFile } from '../report/run-state.js';
import { type GateFile, type GateLook, gateStateSchema, type ServiceLook, serviceOf } from './judge/gate.js';

const STATE_BYTES_MAX = 256 * 1024;
const SYSTEMD_MS = 2_000;
const PROPERTIES = 'ActiveState,SubState,UnitFileState,NRestarts,ActiveEnterTimestampMonotonic';

/** What is looked at, and how; a test puts others in their place. */
export interface GatePlace {
  readonly paths: Paths;
  readonly peopleFile: string;
  readonly configFile: string | null;
  /** The arguments of a process; undefined: they are not to be seen. */
  readonly argumentsOf?: (pid: number) => Promise<readonly string[] | undefined>;
  /** What systemd says of a unit; undefined: it cannot be asked. */
  readonly showUnit?: (unit: string) => Promise<string | undefined>;
}

/** Whether a gate runs with these folders, and what it says of itself. Never rejects: what cannot be read is not known. */
export async function lookAtGate(place: GatePlace): Promise<GateLook> {
  const { paths, peopleFile, configFile, argumentsOf = argumentsInProc, showUnit = showWithSystemctl } = place;
  const [holder, said, service] = await Promise.all([
    lockHolder(`${peopleFile}.lock`).catch(() => 'unreadable' as const),
    readState(runStateFile(paths.run)),
    lookAtService(configFile, paths, showUnit),
  ]);
  const pid = holder === 'unreadable' ? alive(said?.pid) : holder;
  const given = pid === undefined ? undefined : await argumentsOf(pid);
  return {
    pid,
    isCommand: given !== undefined && !given.some((argument) => argument === 'run' || argument === 'demo'),
    said,
    ageMs: said === undefined ? 0 : ageOf(said),
    service,
  };
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

function alive(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined;
  }
}

const argumentsInProc = (pid: number): Promise<readonly string[] | undefined> =>
  readFile(`/proc/${pid}/cmdline`, 'utf8').then(
    (text) => text.split('\0'),
    () => undefined,
  );

async function lookAtService(
  configFile: string | null,
  { state }: Paths,
  show: (unit: string) => Promise<string | undefined>,
): Promise<ServiceLook | undefined> {
  const unit = serviceUnit(configFile);
  if (unit === undefined || serviceFolders(configFile)?.state !== state) return undefined;
  return serviceOf(unit, await show(unit), systemClock.monotonic());
}

const showWithSystemctl = (unit: string): Promise<string | undefined> =>
  promisify(execFile)('systemctl', ['show', '--property', PROPERTIES, unit], { timeout: SYSTEMD_MS }).then(
    ({ stdout }) => stdout,
    // No systemd here, or one that does not answer.
    () => undefined,
  );
