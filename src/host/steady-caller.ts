import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** Calls `$0` with the lines that came before an empty one as its arguments, and prints how it ended after what it printed. */
const LOOP = `set --
while IFS= read -r word; do
  if [ -n "$word" ]; then set -- "$@" "$word"; continue; fi
  "$0" "$@" </dev/null 2>&1
  echo "= $?"
  set --
done`;

/** Most characters kept of what the program prints. */
const PRINTED_MAX = 4096;

type Shell = ChildProcessByStdio<Writable, Readable, null>;

interface Call {
  resolve(): void;
  reject(why: Error): void;
}

/**
 * Calls one program again and again, from a shell that is started once. Whoever starts a process waits until the other program is loaded,
 * and Linux copies the tables of all its memory first: in a gate on a busy machine tens of milliseconds, in which it serves neither
 * button nor fire.
 */
export class SteadyCaller {
  readonly #program: string;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #limitMs: number;
  #shell: Shell | undefined;
  #printed = '';
  #call: Call | undefined;

  /** @param limitMs a call that takes longer is ended, with the shell; the next one gets a new shell */
  constructor(program: string, env: Readonly<Record<string, string | undefined>>, limitMs: number) {
    this.#program = program;
    this.#env = env;
    this.#limitMs = limitMs;
  }

  /** One call at a time. @param args without newlines, none empty @throws Error where the program does not end well and in time */
  async run(args: readonly string[]): Promise<void> {
    this.#shell ??= this.#start();
    const shell = this.#shell;
    keepAlive(shell, true);
    const timer = setTimeout(() => this.#end(shell, new Error(`${this.#program} took too long`)), this.#limitMs);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#call = { resolve, reject };
        shell.stdin.write(`${args.join('\n')}\n\n`);
      });
    } finally {
      clearTimeout(timer);
      this.#call = undefined;
      keepAlive(shell, false);
    }
  }

  #start(): Shell {
    // A group of its own, so that a call that hangs can be ended with the shell.
    const shell = spawn('sh', ['-c', LOOP, this.#program], {
      env: this.#env,
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    this.#printed = '';
    shell.on('error', (error) => this.#end(shell, error));
    shell.on('exit', (code, signal) => this.#end(shell, new Error(`its shell ended (${signal ?? code})`)));
    // A shell that has ended reads nothing; its end is told above.
    shell.stdin.on('error', () => undefined);
    shell.stdout.on('data', (chunk: Buffer) => this.#read(chunk.toString()));
    return shell;
  }

  #read(text: string): void {
    this.#printed = (this.#printed + text).slice(-PRINTED_MAX);
    const end = /^= (\d+)\n/m.exec(this.#printed);
    if (!end) return;
    const said = this.#printed.slice(0, end.index).trim();
    this.#printed = '';
    if (end[1] === '0') this.#call?.resolve();
    else this.#call?.reject(new Error(`${this.#program} ended with exit code ${end[1]}: ${said}`));
  }

  #end(shell: Shell, why: Error): void {
    if (this.#shell !== shell) return;
    this.#shell = undefined;
    if (shell.pid !== undefined && shell.exitCode === null && shell.signalCode === null)
      process.kill(-shell.pid, 'SIGKILL');
    this.#call?.reject(why);
  }
}

/** A shell that waits for the next call must not keep the process from ending. */
function keepAlive(shell: Shell, on: boolean): void {
  const pipes = [shell.stdin, shell.stdout] as unknown as { ref(): void; unref(): void }[];
  for (const part of [shell, ...pipes]) part[on ? 'ref' : 'unref']();
}
