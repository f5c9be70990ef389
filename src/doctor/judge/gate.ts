// pure
import { z } from 'zod';
import { RUN_STATE_OLD_MS } from '../../report/run-state.js';
import { type Finding, ok, problem, warning } from '../finding.js';

/** What a running gate says of itself in `state.json`; written by the gate, more may stand in it. */
export const gateStateSchema = z.object({
  time: z.iso.datetime(),
  /** The machine's monotonic clock, where it is told: the other one may jump. */
  monotonicMs: z.number().exactOptional(),
  pid: z.int().positive().exactOptional(),
  version: z.string().max(64),
  status: z.enum(['online', 'degraded']),
  door: z.object({ mode: z.string().max(64), state: z.string().max(64) }),
  eye: z.string().max(64),
  camera: z.string().max(64),
  problems: z.array(z.string().max(4000)).max(200),
  warnings: z.array(z.string().max(4000)).max(200),
  people: z.int().min(0),
});
export type GateFile = z.infer<typeof gateStateSchema>;

/** The service whose folders are looked at, as systemd has it. */
export interface ServiceLook {
  /** `kaimon`, `kaimon@in`. */
  readonly unit: string;
  /** Whether it should run: enabled, or at work in some way; also where systemd cannot be asked. */
  readonly wanted: boolean;
  /** What systemd says: `activating, auto-restart`. */
  readonly says: string;
  /** How often systemd has started it anew since somebody started it. */
  readonly restarts: number;
  /** How long it has been up; undefined: it is not. */
  readonly upMs: number | undefined;
}

/** What is known of a gate on this machine. */
export interface GateLook {
  /** The process that holds the people; undefined: none does. */
  readonly pid: number | undefined;
  /** Whether that one is a command that is soon over, and no gate. */
  readonly isCommand: boolean;
  /** What a gate last said of itself; undefined: nothing, or nothing that could be read. */
  readonly said: GateFile | undefined;
  /** How long ago. */
  readonly ageMs: number;
  /** undefined: these are the folders of no service. */
  readonly service: ServiceLook | undefined;
}

/** A service that was started anew so often and is up for no longer than this is down again soon. */
const LOOP_RESTARTS = 2;
const LOOP_UP_MS = 300_000;

export const isFresh = ({ said, ageMs }: GateLook): boolean =>
  said !== undefined && Math.abs(ageMs) <= RUN_STATE_OLD_MS;

/**
 * Whether a gate has camera and lines now, one that hangs included. Of a service the process tells; elsewhere the gate may have process numbers of
 * its own (a container), and what it has just said counts.
 */
export function isRunning(look: GateLook): boolean {
  if (look.pid !== undefined) return !look.isCommand;
  return look.service === undefined && isFresh(look);
}

/** What the gate says itself: it knows its camera, door and broker better than anybody who looks from outside. */
export function judgeGate(look: GateLook): readonly Finding[] {
  const { pid, said, ageMs, service } = look;
  if (!isRunning(look)) return [judgeNone(look)];
  const unit = service?.unit ?? 'kaimon';
  const who = pid === undefined ? 'it' : `process ${pid}`;
  if (said === undefined || !isFresh(look)) {
    const since = said === undefined ? '' : ` for ${Math.round(Math.abs(ageMs) / 1000)} s`;
    return [
      problem(
        'gate',
        `${who} is the gate and has said nothing of itself${since}: it hangs, or has only just been started`,
        `journalctl -u ${unit}; if it stays so: sudo systemctl restart ${unit}`,
      ),
    ];
  }
  const { version, status, door, camera, eye, problems, warnings } = said;
  const text = `${status}: version ${version}, door ${door.state} (${door.mode}), camera ${camera}, eye ${eye}`;
  return [
    status === 'online' ? ok('gate', text) : warning('gate', text, `see below, and journalctl -u ${unit}`),
    ...(service && loops(service) ? [crashing(service)] : []),
    ...problems.map((sentence) => problem('gate', sentence)),
    ...warnings.map((sentence) => warning('gate', sentence)),
  ];
}

/** No gate runs: as it should be, or not. */
function judgeNone({ pid, service }: GateLook): Finding {
  const has = pid === undefined ? '' : `; process ${pid}, a command, has the people`;
  if (service === undefined) return ok('gate', `none runs with this state folder now${has}`);
  if (!service.wanted)
    return ok('gate', `none runs: ${service.unit} is not enabled (sudo systemctl enable --now ${service.unit})${has}`);
  return loops(service)
    ? crashing(service)
    : problem('gate', `${service.unit} does not run (${service.says})${has}`, advice(service));
}

const loops = ({ restarts, upMs = 0 }: ServiceLook): boolean => restarts >= LOOP_RESTARTS && upMs < LOOP_UP_MS;

const crashing = (service: ServiceLook): Finding =>
  problem('gate', `${service.unit} ends again and again (${service.says}, ${service.restarts} times)`, advice(service));

const advice = ({ unit }: ServiceLook): string => `systemctl status ${unit}; journalctl -u ${unit}`;

/**
 * What `systemctl show` says of a unit. @param nowMs the monotonic clock
 * @param shown undefined: systemd cannot be asked
 */
export function serviceOf(unit: string, shown: string | undefined, nowMs: number): ServiceLook {
  if (shown === undefined) return { unit, wanted: true, says: 'systemd cannot be asked', restarts: 0, upMs: undefined };
  const said = new Map(shown.split('\n').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
  const [active = '', sub = ''] = [said.get('ActiveState'), said.get('SubState')];
  const sinceMs = Number(said.get('ActiveEnterTimestampMonotonic') ?? 0) / 1000;
  return {
    unit,
    wanted: active !== 'inactive' || (said.get('UnitFileState') ?? '').startsWith('enabled'),
    says: `${active}, ${sub}`,
    restarts: Number(said.get('NRestarts') ?? 0) || 0,
    upMs: active === 'active' ? nowMs - sinceMs : undefined,
  };
}
