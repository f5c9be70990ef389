import { type ChildProcess, spawn } from 'node:child_process';
import type { Command } from './gpiod-tools.js';

/** Of what a tool complains about. */
const STDERR_MAX = 500;

export interface ToolListening {
  line?(printed: string): void;
  /** Once. @param why what it said last, or how it ended */
  ended(why: string): void;
}

/**
 * A gpiod tool that runs until it is killed. It is bound to this process: when this one dies, however, the kernel kills it and
 * frees its line. (setpriv is part of util-linux, which every Debian and Ubuntu has.)
 */
export function startTool([tool, ...args]: Command, listening: ToolListening): ChildProcess {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', tool, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let rest = '';
  let over = false;
  const end = (why: string) => {
    if (over) return;
    over = true;
    listening.ended(why);
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    // A line of these tools has a few characters; what has no end is dropped.
    rest = (lines.pop() ?? '').slice(-100);
    for (const line of lines) listening.line?.(line.trim());
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-STDERR_MAX);
  });
  child.on('error', (error) => end(error.message));
  child.on('exit', (code, signal) => end(said.trim() || `${tool} ended (${signal ?? `exit ${code}`})`));
  return child;
}
