// pure
import { z } from 'zod';
import { type Finding, ok, problem, warning } from '../finding.js';

/** What a running gate says of itself in `state.json`; written by the gate, more may stand in it. */
export const gateStateSchema = z.object({
  time: z.iso.datetime(),
  /** The machine's monotonic clock, where it is told: the other one may jump. */
  monotonicMs: z.number().exactOptional(),
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

/** What is known of a gate on this machine. */
export interface GateLook {
  /** The process that holds the people; undefined: none does. */
  readonly pid: number | undefined;
  /** What it last said of itself; undefined: nothing, or nothing that could be read. */
  readonly said: GateFile | undefined;
  /** How long ago. */
  readonly ageMs: number;
}

/** A gate at work says something at least this often; what is older is that of a gate that hangs or is gone. */
const FRESH_MS = 60_000;

export const isFresh = ({ said, ageMs }: GateLook): boolean =>
  said !== undefined && ageMs >= -FRESH_MS && ageMs <= FRESH_MS;

/** Whether a gate has camera and lines now. */
export const isRunning = (look: GateLook): boolean => look.pid !== undefined || isFresh(look);

/** What the gate says itself: it knows its camera, door and broker better than anybody who looks from outside. */
export function judgeGate(look: GateLook): readonly Finding[] {
  const { pid, said } = look;
  if (!isRunning(look)) return [ok('gate', 'none runs with this state folder now')];
  if (said === undefined || !isFresh(look))
    return [
      ok(
        'gate',
        `one runs${pid === undefined ? '' : ` (process ${pid})`}; what it says of itself is not to be had here`,
      ),
    ];
  const { version, status, door, camera, eye, problems, warnings } = said;
  const text = `${status}: version ${version}, door ${door.state} (${door.mode}), camera ${camera}, eye ${eye}`;
  return [
    status === 'online' ? ok('gate', text) : warning('gate', text, 'see below, and journalctl -u kaimon'),
    ...problems.map((sentence) => problem('gate', sentence)),
    ...warnings.map((sentence) => warning('gate', sentence)),
  ];
}
