import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '../site/until.js';

const SCRIPT = fileURLToPath(new URL('receiver.py', import.meta.url));

/** A stand-in for systemd's end of NOTIFY_SOCKET: a real socket for datagrams, in another process. */
export interface Receiver {
  readonly socket: string;
  /** Every datagram that was read, without the barrier by which systemd-notify waits until it was heard. */
  datagrams(): readonly string[];
  /** Waits until this line was received. */
  untilHeard(line: string): Promise<void>;
  /** From here on nothing is read, as by a systemd that hangs. */
  hang(): Promise<void>;
  goOn(): void;
  close(): void;
}

export async function openReceiver(): Promise<Receiver> {
  const folder = mkdtempSync(join(tmpdir(), 'kaimon-notify-'));
  const socket = join(folder, 'socket');
  const child = spawn('python3', [SCRIPT, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const received: string[] = [];
  createInterface(child.stdout).on('line', (line) => received.push(JSON.parse(line) as string));
  const receiver: Receiver = {
    socket,
    datagrams: () => received.slice(1).filter((datagram) => !['', 'BARRIER=1'].includes(datagram)),
    untilHeard: (line) => until(`${line} is heard`, () => received.some((one) => one.split('\n').includes(line)), 30),
    hang: () => {
      child.kill('SIGSTOP');
      return until('the receiver stands still', () =>
        / T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8').replace(/\(.*\)/, '')),
      );
    },
    goOn: () => void child.kill('SIGCONT'),
    close: () => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    },
  };
  await receiver.untilHeard('listening').catch((thrown: unknown) => {
    receiver.close();
    throw thrown;
  });
  return receiver;
}
