import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { messageOf } from '../../kit/errors.js';
import type { Command } from './gpiod-tools.js';

/** Characters kept of what a tool writes to stderr, the last ones. */
const STDERR_MAX = 500;

export interface ToolListener {
  onLine?(printed: string): void;
  /** Called once, never before the tool was returned. @param why what the tool last wrote to stderr, how it ended, or why it did not start */
  onEnd(why: string): void;
}

/** A tool that runs, or could not be started: then its end is told at once. */
export interface RunningTool {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
  kill(): void;
}

/**
 * Starts a gpiod tool that runs until it is killed. When this process ends, in whatever way, the kernel kills the tool and frees its
 * line. (setpriv is part of util-linux, which every Debian and Ubuntu has.)
 */
export const startTool = ([tool, ...args]: Command, listener: ToolListener): RunningTool =>
  started(
    () => spawn('setpriv', ['--pdeathsig', 'KILL', tool, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }),
    tool,
    listener,
  );

/**
 * Starts a gpiod tool that goes on when this process ends, in whatever way. In a session of its own, so that Ctrl-C at the terminal of the
 * daemon does not reach it; the service's KillMode=process spares it.
 */
export const startLastingTool = ([tool, ...args]: Command, listener: ToolListener): RunningTool =>
  started(
    () => {
      const child = spawn(tool, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
      child.unref();
      (child.stderr as Socket | null)?.unref();
      return child;
    },
    tool,
    listener,
  );

/** Whether this machine can start a process now. Where it cannot, ending the one at work would leave a line to nobody. */
export function canStartTools(): boolean {
  try {
    const child = spawn('true', { stdio: 'ignore' });
    child.on('error', () => undefined);
    return child.pid !== undefined;
  } catch {
    return false;
  }
}

/** Without process numbers or descriptors a spawn fails by an event, without memory it throws: whoever started the tool gets the event. */
function started(start: () => ChildProcess, tool: string, listener: ToolListener): RunningTool {
  let child: ChildProcess;
  try {
    child = start();
  } catch (thrown) {
    process.nextTick(() => listener.onEnd(messageOf(thrown)));
    return { pid: undefined, kill: () => undefined };
  }
  follow(child, tool, listener);
  return { pid: child.pid, kill: () => void child.kill('SIGKILL') };
}

function follow(child: ChildProcess, tool: string, listener: ToolListener): void {
  let complaint = '';
  let rest = '';
  let over = false;
  const end = (why: string) => {
    if (over) return;
    over = true;
    listener.onEnd(why);
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    // These tools print a few characters a line; of a line that never ends only the last 100 are kept.
    rest = (lines.pop() ?? '').slice(-100);
    for (const line of lines) listener.onLine?.(line.trim());
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-STDERR_MAX);
  });
  child.on('error', (error) => end(error.message));
  child.on('exit', (code, signal) => end(complaint.trim() || `${tool} ended (${signal ?? `exit ${code}`})`));
}
