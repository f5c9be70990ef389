import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config/config.js';
import { readOutput } from '../../eye/child-output.js';
import { eyeEnvironment } from '../../eye/environment.js';
import { sandboxCommand, trySandbox } from '../../eye/launcher.js';
import type { EyeSettings } from '../../eye/protocol.js';
import { explain, OperatingError } from '../../kit/errors.js';
import { encodeMessage, MessageReader } from '../../kit/framing.js';
import { NATIVE_FLAGS } from '../../kit/native-flags.js';
import type { Trial } from './judge-trial.js';
import { type FromTrial, fromTrialSchema, type ToTrial, type TrialSettings } from './trial-protocol.js';

const PROGRAM = fileURLToPath(new URL('../encoder-trial-main.js', import.meta.url));
/** A network of 100 layers on the smallest computer takes some minutes; one that never ends is ended. */
const TRIAL_MS = 900_000;
/** Lines of the child that are kept for the message. */
const LINES_MAX = 5;

export interface TrialOptions {
  readonly settings: TrialSettings;
  /** The names of `settings.encoder.inputs`. */
  readonly readings: readonly string[];
  readonly photos: readonly Buffer[];
  /** `eye.sandbox`: where the eye is confined, so is the trial. */
  readonly eye: Pick<Config['eye'], 'sandbox'>;
  readonly progress: (line: string) => void;
  /** For tests. */
  readonly trialMs?: number;
  readonly program?: string;
}

/**
 * Runs a network that somebody brought in a process of its own, confined as the eye is, on the sample photos.
 * @throws OperatingError KAIMON_ENCODER_TRIAL when it cannot be run, ends the process, or does not end
 */
export async function runTrial(options: TrialOptions): Promise<Trial> {
  const program = options.program ?? PROGRAM;
  const { message, blob } = await exchange(options, await sandboxOf(options, program), program);
  const { rows, dimension, encodeMs } = message;
  if (blob.length !== rows.length * dimension * 4)
    throw failed(`its answer has ${blob.length} bytes, ${rows.length * dimension * 4} were expected`);
  const vectors = rows.map((_, row) =>
    Float32Array.from({ length: dimension }, (_, i) => blob.readFloatLE((row * dimension + i) * 4)),
  );
  return { rows, vectors, encodeMs, readings: options.readings };
}

const failed = (why: string, cause?: unknown): OperatingError =>
  new OperatingError('KAIMON_ENCODER_TRIAL', `the network cannot be used: ${printable(why)}; nothing was added`, {
    cause,
  });

/** What comes from the child may hold names out of the file, and the file anything. */
const printable = (text: string): string => text.replace(/\p{C}+/gu, ' ').trim();

/** The command in front of the program, none where this machine lets no sandbox be made. */
async function sandboxOf({ settings, eye, progress }: TrialOptions, program: string): Promise<readonly string[]> {
  const asEye: EyeSettings = {
    camera: null,
    faces: { ...settings.faces, max: 1, everyFrame: 'full', pace: { decidingMs: 0, settledMs: 0, emptyMs: 0 } },
    models: {
      confirmer: settings.confirmer,
      landmarks: settings.landmarks,
      encoder: { ...settings.encoder, id: 'trial', dimension: 1, input: settings.landmarks.input },
      liveness: [],
    },
  };
  const why = eye.sandbox === 'none' ? 'eye.sandbox is none' : (await trySandbox(asEye, program)).impossible;
  if (why === undefined) return sandboxCommand(asEye, program);
  progress(`the network is tried without a sandbox (${why}): add only files that you trust`);
  return [];
}

type Rows = Extract<FromTrial, { kind: 'rows' }>;

function exchange(
  { settings, photos, progress, trialMs = TRIAL_MS }: TrialOptions,
  sandbox: readonly string[],
  program: string,
): Promise<{ readonly message: Rows; readonly blob: Buffer }> {
  const [command = process.execPath, ...given] = [...sandbox, process.execPath, ...NATIVE_FLAGS, program];
  const child = spawn(command, given, {
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    env: eyeEnvironment(process.env),
    detached: sandbox.length > 0,
  });
  const kill = () => {
    // As with the eye: bubblewrap that is killed while it makes the sandbox leaves a child behind, so the whole group goes.
    if (sandbox.length > 0 && child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  };
  const [requests, , output, answers] = child.stdio;
  return new Promise<{ message: Rows; blob: Buffer }>((resolve, reject) => {
    const said: string[] = [];
    const timer = setTimeout(() => end(failed(`it did not end within ${Math.round(trialMs / 1000)} seconds`)), trialMs);
    const end = (error: OperatingError) => {
      clearTimeout(timer);
      reject(error);
      kill();
    };
    child.on('error', (error) => end(failed(`no process could be started for it (${explain(error)})`, error)));
    child.on('close', (code, signal) => end(failed(howItEnded(code, signal, said, sandbox.length > 0))));
    // Without descriptors left there are no pipes; the error event says why.
    if (!requests || !output || !answers) return;
    // What a dead child does not read is told by its end.
    requests.on('error', () => undefined);
    readOutput(output as Readable, (line) => {
      said.push(line);
      if (said.length > LINES_MAX) said.shift();
    });
    const reader = new MessageReader();
    answers.on('error', () => undefined);
    answers.on('data', (chunk: Buffer) => {
      try {
        for (const { json, blob } of reader.feed(chunk)) {
          const message = fromTrialSchema.parse(json);
          if (message.kind === 'progress') progress(printable(message.text));
          if (message.kind === 'fault') end(failed(message.message));
          if (message.kind !== 'rows') continue;
          clearTimeout(timer);
          resolve({ message, blob: Buffer.from(blob) });
        }
      } catch (thrown) {
        end(failed(`it sent something unreadable (${explain(thrown)})`, thrown));
      }
    });
    const send = (message: ToTrial, blob?: Buffer) => requests.write(encodeMessage(message, blob));
    send({ kind: 'settings', settings });
    for (const photo of photos) send({ kind: 'photo' }, photo);
    send({ kind: 'end' });
  }).finally(kill);
}

function howItEnded(code: number | null, signal: string | null, said: readonly string[], sandboxed: boolean): string {
  // Bubblewrap ends as a shell does: with 128 and the signal's number.
  const number = (code ?? 0) - 128;
  const hidden = sandboxed ? Object.entries(constants.signals).find(([, value]) => value === number)?.[0] : undefined;
  const by = signal ?? hidden;
  const how = by ? `ONNX Runtime crashed on it (${by})` : `the process that ran it ended with exit code ${code}`;
  return said.length > 0 ? `${how}; it said: ${said.join(' / ').slice(0, 500)}` : how;
}
