import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { OperatingError } from '../../kit/errors.js';
import { type FileLook, type FromLooker, fromLookerSchema, type ToLooker } from './liveness-protocol.js';

const PROGRAM = fileURLToPath(new URL('./liveness-looker.js', import.meta.url));
/** A child that died with a file is replaced and tries it again, so often. */
const ATTEMPTS = 3;

/** Looks at files by a child process, which native code may end at any time; the evaluation goes on with another. */
export class Looking {
  readonly #settings: Extract<ToLooker, { kind: 'settings' }>;
  #child: ChildProcess | undefined;
  #replaced = 0;

  constructor(settings: Extract<ToLooker, { kind: 'settings' }>) {
    this.#settings = settings;
  }

  /** How many children ended before their time. */
  get replaced(): number {
    return this.#replaced;
  }

  /** @throws OperatingError when a file cannot be used or the surroundings are not ready */
  async look(request: Omit<Extract<ToLooker, { kind: 'file' }>, 'kind'>): Promise<readonly FileLook[]> {
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
  async #ask(request: Omit<Extract<ToLooker, { kind: 'file' }>, 'kind'>): Promise<FromLooker | undefined> {
    if (!this.#child) {
      this.#child = start();
      const answer = await exchange(this.#child, this.#settings);
      if (answer?.kind !== 'ready') return answer;
    }
    return exchange(this.#child, { kind: 'file', ...request });
  }

  stop(): void {
    this.#child?.disconnect();
    this.#child = undefined;
  }
}

const start = () =>
  fork(PROGRAM, {
    execArgv: ['--max-semi-space-size=2'],
    env: { ...process.env, OPENCV4NODEJS_DISABLE_AUTOBUILD: '1', ORT_DISABLE_TELEMETRY: '1' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

function exchange(child: ChildProcess, message: ToLooker): Promise<FromLooker | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => {
      child.off('message', answered).off('exit', gone).off('error', gone);
      done();
    };
    const answered = (raw: unknown) => {
      const answer = fromLookerSchema.safeParse(raw);
      settle(() => (answer.success ? resolve(answer.data) : reject(answer.error)));
    };
    const gone = () => settle(() => resolve(undefined));
    child.on('message', answered).on('exit', gone).on('error', gone);
    // A dead child's channel is closed: its exit comes, or came.
    child.send(message, (error) => error && gone());
  });
}
