import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { OperatingError } from '../../kit/errors.js';
import { NATIVE_FLAGS } from '../../kit/native-flags.js';
import {
  type FileRequest,
  type FromFrameProcess,
  fromFrameProcessSchema,
  type Timed,
  type ToFrameProcess,
} from './protocol.js';

/** A child that died of a file is replaced, and the next one tries the file again; so often in all. */
const ATTEMPTS = 3;

/** Measures the frames of files in a child process: where native code ends it, the evaluation goes on with another. */
export class FrameReader<S, F extends Timed> {
  readonly #program: URL;
  readonly #settings: S;
  readonly #frame: z.ZodType<F>;
  #child: ChildProcess | undefined;
  #replaced = 0;

  /** @param program the child, which calls `serveFrames` */
  constructor(program: URL, settings: S, frame: z.ZodType<F>) {
    this.#program = program;
    this.#settings = settings;
    this.#frame = frame;
  }

  /** How many children ended before their time. */
  get replaced(): number {
    return this.#replaced;
  }

  /** @throws OperatingError when a file cannot be used or the surroundings are not ready */
  async read(request: FileRequest): Promise<readonly F[]> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const answer = await this.#ask(request);
      if (answer?.kind === 'frames') return answer.frames;
      if (answer?.kind === 'fault') throw new OperatingError(answer.code, answer.message);
      this.#child = undefined;
      this.#replaced += 1;
    }
    throw new OperatingError(
      'KAIMON_LIVENESS_SET',
      `${request.file} cannot be used: the process that looks at it ended ${ATTEMPTS} times`,
    );
  }

  /** Undefined: the child is gone. */
  async #ask(request: FileRequest): Promise<FromFrameProcess<F> | undefined> {
    if (!this.#child) {
      this.#child = start(this.#program);
      const answer = await this.#exchange(this.#child, { kind: 'settings', settings: this.#settings });
      if (answer?.kind !== 'ready') return answer;
    }
    return this.#exchange(this.#child, { kind: 'file', ...request });
  }

  #exchange(child: ChildProcess, message: ToFrameProcess<S>): Promise<FromFrameProcess<F> | undefined> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        child.off('message', answered).off('exit', gone).off('error', gone);
        done();
      };
      const answered = (raw: unknown) => {
        const answer = fromFrameProcessSchema(this.#frame).safeParse(raw);
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

const start = (program: URL) =>
  fork(fileURLToPath(program), {
    execArgv: [...NATIVE_FLAGS, '--max-semi-space-size=2'],
    env: { ...process.env, OPENCV4NODEJS_DISABLE_AUTOBUILD: '1', ORT_DISABLE_TELEMETRY: '1' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
