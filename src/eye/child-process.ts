import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { encodeMessage, type FramedMessage, MessageReader } from '../kit/framing.js';
import { NATIVE_FLAGS } from '../kit/native-flags.js';
import { readOutput } from './child-output.js';
import { type FromEye, fromEyeSchema, type ToEye } from './protocol.js';

/** What the gate learns of one eye process. */
export interface EyeEvents {
  onMessage(message: FromEye, blob: Buffer): void;
  /** The eye sent something that is no valid message: it must be replaced. */
  onInvalid(why: string): void;
  /** The eye, or native code in it, printed a line. */
  onOutput(line: string): void;
  /** The process has ended, or could not be started; called once. */
  onExit(why: string): void;
}

const PROGRAM = fileURLToPath(new URL('./main.js', import.meta.url));
/** A message from the eye is at most a snapshot: a JPEG of a frame. */
const FROM_EYE_MAX = 8 * 1024 * 1024;
/** Requests that may wait for a busy eye. */
const TO_EYE_WAITING_MAX = 64 * 1024 * 1024;

/** One running eye: a child process with a pipe for requests and one for its messages. */
export class EyeChild {
  readonly #child: ChildProcess;
  readonly #requests: Writable;

  constructor(events: EyeEvents, program = PROGRAM) {
    const child = spawn(process.execPath, [...NATIVE_FLAGS, program], {
      // Its output comes through the gate: a log that nobody takes must not hold the eye.
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ORT_DISABLE_TELEMETRY: '1',
        OPENCV4NODEJS_DISABLE_AUTOBUILD: '1',
        OPENCV_LOG_LEVEL: process.env['OPENCV_LOG_LEVEL'] ?? 'SILENT',
        // The eye's garbage is native: a small heap keeps V8 collecting it.
        NODE_OPTIONS: '--max-semi-space-size=2',
        // One arena, and free memory goes back to the system: decoder threads otherwise keep 25 MB of old frames for themselves.
        MALLOC_ARENA_MAX: '1',
        MALLOC_TRIM_THRESHOLD_: '131072',
      },
    });
    this.#child = child;
    let ended = false;
    const exit = (why: string) => {
      if (ended) return;
      ended = true;
      events.onExit(why);
    };
    child.on('error', (error) => exit(`it cannot be started: ${error.message}`));
    child.on('exit', (code, signal) => exit(signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`));
    const [requests, , output, messages] = child.stdio ?? [];
    // Without descriptors left there are no pipes; the error event says why.
    if (!requests || !output || !messages) throw new Error('no pipes to a child process could be made');
    this.#requests = requests as Writable;
    // A write to a dead eye fails; its exit is reported above.
    this.#requests.on('error', () => undefined);
    readMessages(messages as Readable, events);
    readOutput(output as Readable, (line) => events.onOutput(line));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends a request. @returns false when too many bytes wait already, and nothing was sent */
  send(request: ToEye, blob?: Buffer): boolean {
    if (this.#requests.writableLength > TO_EYE_WAITING_MAX) return false;
    this.#requests.write(encodeMessage(request, blob));
    return true;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function readMessages(input: Readable, events: EyeEvents): void {
  const reader = new MessageReader(FROM_EYE_MAX);
  const reject = (why: string) => {
    // Nothing more is read: a flooding eye must not cost the gate its time.
    input.destroy();
    events.onInvalid(why);
  };
  input.on('error', () => undefined);
  input.on('data', (chunk: Buffer) => {
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
