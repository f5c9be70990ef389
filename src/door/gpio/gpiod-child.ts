import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Command } from './gpiod-tools.js';

/** Characters kept of what a tool writes to stderr, the last ones. */
const STDERR_MAX = 500;

export interface ToolListener {
  onLine?(printed: string): void;
  /** Called once. @param why what the tool last wrote to stderr, or how it ended */
  onEnd(why: string): void;
}

/**
 * Starts a gpiod tool that runs until it is killed. When this process ends, in whatever way, the kernel kills the tool and frees its
 * line. (setpriv is part of util-linux, which every Debian and Ubuntu has.)
 */
export const startTool = ([tool, ...args]: Command, listener: ToolListener): ChildProcess =>
  follow(
    spawn('setpriv', ['--pdeathsig', 'KILL', tool, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }),
    tool,
    listener,
  );

/**
 * Starts a gpiod tool that goes on when this process ends, in whatever way. In a session of its own, so that Ctrl-C at the terminal of the
 * daemon does not reach it; the service's KillMode=process spares it.
 */
export function startLastingTool([tool, ...args]: Command, listener: ToolListener): ChildProcess {
  const child = spawn(tool, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  child.unref();
  (child.stderr as Socket | null)?.unref();
  return follow(child, tool, listener);
}

function follow(child: ChildProcess, tool: string, listener: ToolListener): ChildProcess {
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
  return child;
}
