// pure
/**
 * Whether something that Home Assistant asked for may be done. Its messages have no signature, no id and no answer; what they have is the
 * time, which the template in the discovery message puts in. So a message that waited somewhere, came with retain or comes again does nothing.
 */
import { z } from 'zod';
import { iso, wallMs } from '../../kit/clock.js';
import { parseJson } from '../bounded-json.js';
import type { Packet } from '../link/link.js';
import type { ErrorCode } from '../messages.js';
import { whatIsWrong } from '../messages.js';
import type { RequestTime } from '../requests/request-time.js';
import { COMMAND_LIFE_MS, type Command } from './options.js';
import type { SeenCommands } from './seen-commands.js';

/** What arrives so shortly after the gate has subscribed may have waited at the broker. */
export const QUIET_MS = 2_000;
/** A command has 60 bytes. */
const BYTES_MAX = 256;

const COMMANDS: Readonly<Record<string, Command>> = {
  LOCK: 'lock',
  UNLOCK: 'unlock',
  OPEN: 'open',
  PICTURE: 'picture',
};

const commandSchema = z.object({
  command: z.enum(Object.keys(COMMANDS), `command must be one of ${Object.keys(COMMANDS).join(', ')}`),
  /** Seconds since 1970. */
  at: z.number('at must be the time in seconds since 1970, as the discovery message puts it in').min(0).max(1e11),
});

export interface CommandCircumstances {
  readonly time: RequestTime;
  /** Milliseconds since the broker has acknowledged the subscription; undefined before. */
  readonly listeningMs: number | undefined;
  readonly offered: readonly Command[];
  /** Unsigned commands are refused: the site has keys, and the configuration does not say otherwise. */
  readonly signedOnly: boolean;
  /** Remembers commands that were accepted. */
  readonly seen: SeenCommands;
}

export type CommandCheck =
  | { readonly kind: 'accept'; readonly command: Command }
  | { readonly kind: 'refuse'; readonly command: Command | null; readonly code: ErrorCode; readonly message: string };

/** Checks what arrived on the topic of commands. */
export function checkCommand(packet: Pick<Packet, 'payload' | 'retain'>, now: CommandCircumstances): CommandCheck {
  const refuse = (code: ErrorCode, message: string, command: Command | null = null): CommandCheck => ({
    kind: 'refuse',
    command,
    code,
    message,
  });
  if (packet.retain)
    return refuse('retained', 'a command must be sent without the retain flag; clear the topic at the broker');
  if (packet.payload.byteLength > BYTES_MAX) return refuse('too-large', `a command has at most ${BYTES_MAX} bytes`);
  const json = parseJson(packet.payload);
  if (!json.ok) return refuse('bad-request', json.why);
  const parsed = commandSchema.safeParse(json.value);
  if (!parsed.success) return refuse('bad-request', whatIsWrong(parsed.error));
  const command = COMMANDS[parsed.data.command];
  if (command === undefined) return refuse('bad-request', 'unknown command');
  if (!now.offered.includes(command))
    return refuse('not-allowed', `"${command}" is not in homeAssistant.commands`, command);
  if (now.signedOnly)
    return refuse(
      'unsigned',
      'this site has keys, and Home Assistant cannot sign (homeAssistant.unsignedBesideKeys)',
      command,
    );
  const late = untimely(parsed.data.at * 1000, now);
  if (late !== undefined) return refuse('expired', late, command);
  const admitted = now.seen.admit(command, parsed.data.at, now.time.nowMs);
  if (admitted === 'repeated') return refuse('replayed', 'this command was done already', command);
  if (admitted === 'full')
    return refuse('busy', `too many commands "${command}" within ${COMMAND_LIFE_MS / 1000} s`, command);
  return { kind: 'accept', command };
}

function untimely(sentMs: number, { time, listeningMs }: CommandCircumstances): string | undefined {
  if (listeningMs === undefined || listeningMs < QUIET_MS)
    return 'it arrived right after this gate has connected, so it may have waited at the broker: send it again';
  const { nowMs, startedMs, trusted } = time;
  const doubt = trusted ? '' : ', which is not trusted,';
  const clocks = `it was sent at ${iso(wallMs(sentMs))}, and this gate's clock${doubt} shows ${iso(nowMs)}`;
  if (sentMs < startedMs) return `it was sent before this gate started: ${clocks}`;
  if (Math.abs(nowMs - sentMs) > COMMAND_LIFE_MS)
    return `${clocks}: at most ${COMMAND_LIFE_MS / 1000} s may lie between`;
  return undefined;
}
