// The virtual machine of a recipe (test/vm/gpio.sh says what that is), and ssh into it.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const SUITE = process.env.SUITE ?? 'bookworm';
/** What the guest needs: the eye's libraries, a voice, a camera's feeder. */
const EXTRA = `espeak-ng ffmpeg stress-ng libopencv-contrib406 libopencv-highgui406 libopencv-videoio406 libopencv-dnn406 libopencv-ml406 libopencv-photo406 opencv-data`;

/** Most that a command in an emulated machine may take. */
const LIMIT_MS = 900_000;

/** Runs a program to its end while everything else goes on. */
function ran(program, args, { env = process.env, input = '' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    const out = [];
    let stderr = '';
    child.stdout.on('data', (chunk) => out.push(chunk));
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    // A program that does not read all of its input says so by how it ends.
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    // Not `close`: a guest that goes on in the background holds the pipes.
    child.on('exit', (status) => {
      clearTimeout(timer);
      setImmediate(() => resolve({ status, stdout: Buffer.concat(out), stderr }));
    });
    child.stdin.end(input);
  });
}

export class Guest {
  #recipe;
  #work;
  #tunnel;

  constructor(recipe, work) {
    this.#recipe = recipe;
    this.#work = work;
  }

  /** Runs an action of the recipe. */
  async act(action, env = {}) {
    const defaults = { SUITE, EXTRA, MEM: '2048', DISK_MB: '6144', BOOT_TIMEOUT: '900', APPEND: 'no_timer_check' };
    const all = { ...defaults, ...process.env, ...env };
    const run = await ran('bash', [this.#recipe, this.#work, action], { env: all });
    if (run.status !== 0) throw new Error(`${action} of the guest failed: ${run.stderr.slice(-2000)}`);
  }

  #ssh(options = []) {
    const port = readFileSync(join(this.#work, SUITE, 'ssh.port'), 'utf8').trim();
    const fixed = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes', 'ConnectTimeout=30'];
    return [
      ...['-q', '-i', join(this.#work, 'ssh_key'), '-p', port],
      ...[...fixed, ...options].flatMap((option) => ['-o', option]),
      'root@127.0.0.1',
    ];
  }

  /** Runs a command as root. @returns what it printed @throws where it fails */
  async exec(command, { input = '', binary = false } = {}) {
    const run = await ran('ssh', [...this.#ssh(), command], { input });
    if (run.status !== 0)
      throw new Error(`in the guest "${command.slice(0, 120)}" ended with ${run.status}: ${run.stderr}${run.stdout}`);
    return binary ? run.stdout : run.stdout.toString();
  }

  /** Connects port 18830 of the guest with a port of this machine, until {@link disconnectBroker}. */
  connectBroker(port) {
    this.disconnectBroker();
    const args = this.#ssh(['ServerAliveInterval=5', 'ServerAliveCountMax=6', 'ExitOnForwardFailure=yes']);
    const tunnel = spawn('ssh', ['-N', '-R', `127.0.0.1:18830:127.0.0.1:${port}`, ...args], { stdio: 'ignore' });
    this.#tunnel = tunnel;
    // The end of the one before may not have been noticed yet at the other end.
    tunnel.once('exit', () => setTimeout(() => this.#tunnel === tunnel && this.connectBroker(port), 1000));
  }

  disconnectBroker() {
    const tunnel = this.#tunnel;
    this.#tunnel = undefined;
    tunnel?.kill('SIGKILL');
  }

  /** Mains off. */
  async cut() {
    await this.act('cut');
    this.disconnectBroker();
  }

  async down() {
    this.disconnectBroker();
    await this.act('down');
  }
}
