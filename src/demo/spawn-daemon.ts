import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../cli/main.js', import.meta.url));
const STOP_MS = 10_000;

/**
 * Starts `kaimon run` in a process of its own, as systemd would. It is configured by its file alone: variables that
 * configure Kaimon, or that belong to the service this process runs in, are taken out of its environment.
 * @param nodeOptions for Node itself
 */
export function spawnDaemon(
  { config, state }: { readonly config: string; readonly state: string },
  stdio: StdioOptions,
  nodeOptions: readonly string[] = [],
): ChildProcess {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KAIMON_|NOTIFY_)/.test(name)));
  return spawn(process.execPath, [...nodeOptions, PROGRAM, 'run', '--config', config, '--state', state], {
    stdio,
    env,
  });
}

/** Asks the daemon to stop, and kills it where it does not. @param ended resolves when it is gone */
export async function endDaemon<T>(daemon: ChildProcess, ended: Promise<T>): Promise<T> {
  daemon.kill('SIGTERM');
  const timer = setTimeout(() => daemon.kill('SIGKILL'), STOP_MS);
  const how = await ended;
  clearTimeout(timer);
  return how;
}
