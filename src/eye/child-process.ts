import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { NATIVE_FLAGS } from '../kit/native-flags.js';
import { readOutput } from './child-output.js';
import { eyeEnvironment } from './environment.js';
import { type EyeEvents, type EyeProcess, readMessages, sendRequest } from './eye-process.js';
import type { ToEye } from './protocol.js';

/** The eye's program. */
export const EYE_PROGRAM = fileURLToPath(new URL('./main.js', import.meta.url));

/** A command in front of the eye's own, which runs it in a sandbox and ends with it. */
export type SandboxCommand = readonly [program: string, ...arguments_: string[]];

/** One running eye: a child process with a pipe for requests and one for its messages. */
export class EyeChild implements EyeProcess {
  readonly #child: ChildProcess;
  readonly #requests: Writable;
  readonly #sandboxed: boolean;

  constructor(events: EyeEvents, program = EYE_PROGRAM, sandbox?: SandboxCommand) {
    const command = [...(sandbox ?? []), process.execPath, ...NATIVE_FLAGS, program] as const;
    const child = spawn(command[0] ?? process.execPath, command.slice(1), {
      // Its output comes through the gate: a log that nobody takes must not hold the eye.
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      env: eyeEnvironment(process.env),
      detached: sandbox !== undefined,
    });
    this.#sandboxed = sandbox !== undefined;
    this.#child = child;
    let ended = false;
    const exit = (why: string) => {
      if (ended) return;
      ended = true;
      events.onExit(why);
    };
    child.on('error', (error) => exit(`it cannot be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      const how = signal ?? (sandbox && signalOf(code));
      exit(how ? `it was ended by ${how}` : `it ended with exit code ${code}`);
    });
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

  send(request: ToEye, blob?: Buffer): boolean {
    return sendRequest(this.#requests, request, blob);
  }

  kill(): void {
    const { pid, exitCode, signalCode } = this.#child;
    // Bubblewrap that is killed while it makes the sandbox leaves a child that waits for it for ever. Until the eye runs both are one group.
    if (this.#sandboxed && pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
    else this.#child.kill('SIGKILL');
  }
}

/** The signal behind the exit code of a sandbox, as of a shell: 128 and the signal's number. */
function signalOf(code: number | null): string | undefined {
  const number = (code ?? 0) - 128;
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}
