import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { OperatingError } from '../../kit/errors.js';
import { NATIVE_FLAGS } from '../../kit/native-flags.js';
import { type GateEyeSettings, seenFrameSchema } from '../gate/gate-protocol.js';
import { fileLookSchema, type LivenessSettings } from '../liveness/liveness-protocol.js';
import { type FileRequest, type FromLooker, fromLookerSchema, type Timed, type ToLooker } from './protocol.js';

/** A child that died with a file is replaced and tries it again, so often. */
const ATTEMPTS = 3;

/** Looks at files by a child process, which native code may end at any time; the evaluation goes on with another. */
export class Looking<S, L extends Timed> {
  readonly #program: string;
  readonly #settings: S;
  readonly #look: z.ZodType<L>;
  #child: ChildProcess | undefined;
  #replaced = 0;

  /** @param program the child's file beside this one */
  constructor(program: string, settings: S, look: z.ZodType<L>) {
    this.#program = program;
    this.#settings = settings;
    this.#look = look;
  }

  /** How many children ended before their time. */
  get replaced(): number {
    return this.#replaced;
  }

  /** @throws OperatingError when a file cannot be used or the surroundings are not ready */
  async look(request: FileRequest): Promise<readonly L[]> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const answer = await this.#ask(request);
      if (answer?.kind === 'looks') return answer.looks;
      if (answer?.kind === 'fault')
        throw new OperatingError(answer.code as `KAIMON_${string}`, answer.trouble, answer.message);
      this.#child = undefined;
      this.#replaced += 1;
    }
    throw new OperatingError(
      'KAIMON_LIVENESS_SET',
      'input',
      `${request.file} cannot be used: the process that looks at it ended ${ATTEMPTS} times`,
    );
  }

  /** Undefined: the child is gone. */
  async #ask(request: FileRequest): Promise<FromLooker<L> | undefined> {
    if (!this.#child) {
      this.#child = start(this.#program);
      const answer = await this.#exchange(this.#child, { kind: 'settings', settings: this.#settings });
      if (answer?.kind !== 'ready') return answer;
    }
    return this.#exchange(this.#child, { kind: 'file', ...request });
  }

  #exchange(child: ChildProcess, message: ToLooker<S>): Promise<FromLooker<L> | undefined> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        child.off('message', answered).off('exit', gone).off('error', gone);
        done();
      };
      const answered = (raw: unknown) => {
        const answer = fromLookerSchema(this.#look).safeParse(raw);
        settle(() => (answer.success ? resolve(answer.data) : reject(answer.error)));
      };
      const gone = () => settle(() => resolve(undefined));
      child.on('message', answered).on('exit', gone).on('error', gone);
      // A dead child's channel is closed: its exit comes, or came.
      child.send(message, (error) => error && gone());
    });
  }

  stop(): void {
    this.#child?.disconnect();
    this.#child = undefined;
  }
}

/** Looks at the largest face of each frame, without the encoder. */
export const lookForLiveness = (settings: LivenessSettings) =>
  new Looking('../liveness/liveness-frames-main.js', settings, fileLookSchema);

/** Looks at frames as the eye of a gate does. */
export const lookAsTheEye = (settings: GateEyeSettings) =>
  new Looking('../gate/gate-frames-main.js', settings, seenFrameSchema);

const start = (program: string) =>
  fork(fileURLToPath(new URL(program, import.meta.url)), {
    execArgv: [...NATIVE_FLAGS, '--max-semi-space-size=2'],
    env: { ...process.env, OPENCV4NODEJS_DISABLE_AUTOBUILD: '1', ORT_DISABLE_TELEMETRY: '1' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
