import type { Readable, Writable } from 'node:stream';
import { encodeMessage, type FramedMessage, MessageReader } from '../kit/framing.js';
import { type FromEye, fromEyeSchema, type ToEye } from './protocol.js';

/** What the gate learns of one eye process. */
export interface EyeEvents {
  onMessage(message: FromEye, blob: Buffer): void;
  /** The eye sent something that is no valid message: it must be replaced. */
  onInvalid(why: string): void;
  /** The eye, or native code in it, printed a line; one in a unit of its own prints into the journal of systemd. */
  onOutput(line: string): void;
  /** The process has ended, or could not be started; called once. */
  onExit(why: string): void;
}

/** One running eye, whoever started it. */
export interface EyeProcess {
  /** Undefined where it is not a child of this process. */
  readonly pid: number | undefined;
  /** Sends a request. @returns false when too many bytes wait already, and nothing was sent */
  send(request: ToEye, blob?: Buffer): boolean;
  kill(): void;
}

/**
 * How an eye that somebody took over is kept from the rest: in a systemd unit of its own, in a sandbox that the gate puts
 * around it, or not at all.
 */
export type Confinement = 'unit' | 'sandbox' | 'none';

/** How eyes are started here. */
export interface EyeLauncher {
  readonly confinement: Confinement;
  /** Why it is not confined, as the end of a sentence. */
  readonly unconfinedBecause: string | undefined;
  /** Why it could not be found out whether its sandbox can be made; it is started in it, or not at all. */
  readonly untried: string | undefined;
  /** @throws Error when no process can be started */
  launch(events: EyeEvents): EyeProcess;
}

/** A message from the eye is at most a snapshot: a JPEG of a frame. */
const FROM_EYE_MAX = 8 * 1024 * 1024;
/** Its JSON is at most an observation of as many faces as there may be: some 230 KB. */
const FROM_EYE_JSON_MAX = 512 * 1024;
/** Requests that may wait for a busy eye. */
const TO_EYE_WAITING_MAX = 64 * 1024 * 1024;

/** Sends a request. @returns false when too many bytes wait already, and nothing was sent */
export function sendRequest(out: Writable, request: ToEye, blob?: Buffer): boolean {
  if (out.writableLength > TO_EYE_WAITING_MAX) return false;
  out.write(encodeMessage(request, blob));
  return true;
}

/** Reads what an eye sends until it ends or sends something else. The eye is not trusted: what it can cost is bounded. */
export function readMessages(input: Readable, events: Pick<EyeEvents, 'onMessage' | 'onInvalid'>): void {
  const reader = new MessageReader(FROM_EYE_MAX, FROM_EYE_JSON_MAX);
  const reject = (why: string) => {
    // Nothing more is read: a flooding eye must not cost the gate its time.
    input.destroy();
    events.onInvalid(why);
  };
  input.on('error', () => undefined);
  input.on('data', (chunk: Buffer) => {
    // A stream that is always full would be read on and on: between two chunks the door, its button and the fire get their turn.
    input.pause();
    setImmediate(() => input.resume());
    let messages: FramedMessage[];
    try {
      messages = reader.feed(chunk);
    } catch (thrown) {
      reject(`it sent something unreadable (${String(thrown)})`);
      return;
    }
    for (const { json, blob } of messages) {
      const parsed = fromEyeSchema.safeParse(json);
      if (!parsed.success) {
        reject(`it sent an invalid message (${parsed.error.issues[0]?.message ?? 'unknown'})`);
        return;
      }
      events.onMessage(parsed.data, blob);
    }
  });
}
