/**
 * Throw-away gates for scripts/deploy/deploy: a real sshd on loopback, and behind each key a root of its own, made of the machine's own by bubblewrap with
 * empty folders in place of /etc, /opt, /var and /run. All of it lives in one process namespace: when sshd's ends, nothing is left.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { checkout, type Outcome } from '../tree.js';
import { type PackageOptions, packRelease, write } from './packages.js';
import { SYSTEMCTL, SYSTEMD_RUN } from './stand-ins.js';

const SSHD = process.env['KAIMON_SSHD'] ?? '/usr/sbin/sshd';
const asRoot = process.getuid?.() === 0;
const userspace = asRoot ? [] : ['--unshare-user'];

/** Why these tests cannot run here. */
export const missing = ((): string | undefined => {
  for (const program of ['dpkg-deb', 'ssh', 'ssh-keygen', 'bwrap'])
    if (spawnSync(program, ['-V']).error) return `${program} is missing`;
  if (!existsSync(SSHD)) return 'sshd is missing (openssh-server)';
  if (asRoot && spawnSync('id', ['sshd']).status !== 0) return 'the user sshd is missing, whom sshd of root needs';
  if (spawnSync('bwrap', [...userspace, '--dev-bind', '/', '/', '--unshare-pid', 'true']).status !== 0)
    return 'bubblewrap may not work here';
  if (!existsSync(join(checkout, 'dist/cli/health.js'))) return 'npm run build first';
  return undefined;
})();

/** The whole of these tests takes many minutes: without KAIMON_DEPLOY_ALL=1 the most telling ones run. */
export const all = process.env['KAIMON_DEPLOY_ALL'] === '1';
/** Why a test of the others does not run. */
export const more = missing ?? (all ? undefined : 'KAIMON_DEPLOY_ALL=1 is not set');

export interface Gate {
  readonly name: string;
  readonly root: string;
  /** A file of it; empty where there is none. */
  read(path: string): string;
  /** The version whose release `current` names. */
  readonly at: string | undefined;
}

/** A PC with its keys, an sshd, and gates behind it. */
export class Site {
  readonly folder = mkdtempSync(join(tmpdir(), 'kaimon-deploy-'));
  readonly gates: readonly Gate[];
  readonly #count: number;
  #sshd: ChildProcess | undefined;
  #port = 0;

  constructor(count: number) {
    this.#count = count;
    this.gates = Array.from({ length: count }, (_, n) => this.#makeGate(`gate${n + 1}`));
  }

  async start(): Promise<void> {
    for (const name of ['host', 'signer', 'stranger', ...this.gates.map((gate) => gate.name)])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(this.folder, `key-${name}`)]);
    this.#port = await freePort();
    write(join(this.folder, 'known_hosts'), `gate ${this.#public('host')}\n`);
    write(join(this.folder, 'signers'), `owner ${this.#public('signer')}\n`);
    const keys = this.gates.map(({ name }) => `command="${join(this.folder, 'enter')} ${name}" ${this.#public(name)}`);
    write(join(this.folder, 'authorized_keys'), `${keys.join('\n')}\n`, 0o600);
    write(join(this.folder, 'enter'), this.#enterScript(), 0o755);
    write(join(this.folder, 'sshd_config'), this.#sshdConfig());
    await this.boot();
  }

  /** Starts sshd, and with it all that the gates can run in. */
  async boot(): Promise<void> {
    const pit = ['--dev-bind', '/', '/', '--proc', '/proc', '--unshare-pid', '--die-with-parent'];
    const run = asRoot ? ['--tmpfs', '/run', '--dir', '/run/sshd'] : [];
    // A shell that sshd starts reads it, and it may do anything.
    const rc = join(userInfo().homedir, '.bashrc');
    const home = existsSync(rc) ? ['--ro-bind', '/dev/null', rc] : [];
    const sshd = spawn(
      'bwrap',
      [...userspace, ...pit, ...run, ...home, SSHD, '-D', '-e', '-f', join(this.folder, 'sshd_config')],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.#sshd = sshd;
    await new Promise<void>((resolve, reject) => {
      let said = '';
      sshd.stderr.on('data', (bytes) => {
        said += String(bytes);
        if (said.includes('Server listening')) resolve();
      });
      sshd.on('close', () => reject(new Error(`sshd ended: ${said}`)));
    });
  }

  /** As a power cut: every process of every gate is gone at once, the disks stay. */
  async cutPower(): Promise<void> {
    const sshd = this.#sshd;
    this.#sshd = undefined;
    if (!sshd || sshd.exitCode !== null || sshd.signalCode !== null) return;
    const gone = new Promise((resolve) => sshd.once('close', resolve));
    sshd.kill('SIGKILL');
    await gone;
    for (const gate of this.gates) {
      rmSync(join(gate.root, 'run'), { recursive: true });
      mkdirSync(join(gate.root, 'run/fake'), { recursive: true });
    }
  }

  async end(): Promise<void> {
    await this.cutPower();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Packs and signs a release. @returns the .deb */
  async pack(version: string, options: PackageOptions = {}): Promise<string> {
    const deb = await packRelease(this.folder, version, options);
    this.sign(deb, 'signer');
    return deb;
  }

  sign(deb: string, key: string): void {
    execFileSync(join(checkout, 'scripts/deploy/sign'), [join(this.folder, `key-${key}`), deb], { stdio: 'pipe' });
  }

  /** What deploy is called with, after the words of its own. */
  command(words: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const options = [
      ...[
        'HostName=127.0.0.1',
        `Port=${this.#port}`,
        'HostKeyAlias=gate',
        'StrictHostKeyChecking=yes',
        'IdentitiesOnly=yes',
      ],
      ...[`IdentityFile=${join(this.folder, 'key-%n')}`, `UserKnownHostsFile=${join(this.folder, 'known_hosts')}`],
    ].flatMap((option) => ['--ssh-option', option]);
    const program = join(checkout, 'scripts/deploy/deploy');
    return spawn(program, [...options, ...words], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Runs deploy to its end. */
  deploy(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    const child = this.command(words, env);
    let [out, err] = ['', ''];
    child.stdout?.on('data', (bytes) => (out += String(bytes)));
    child.stderr?.on('data', (bytes) => (err += String(bytes)));
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  }

  trust(...hosts: readonly string[]): Promise<Outcome> {
    return this.deploy(['--trust', join(this.folder, 'signers'), ...hosts]);
  }

  /** Runs a command on a gate, as it is at that moment. */
  on(gate: Gate, command: string): Outcome {
    const options = [
      '-p',
      String(this.#port),
      '-i',
      join(this.folder, `key-${gate.name}`),
      '-o',
      'IdentitiesOnly=yes',
      '-o',
      'HostKeyAlias=gate',
    ];
    const done = spawnSync(
      'ssh',
      [...options, '-o', `UserKnownHostsFile=${join(this.folder, 'known_hosts')}`, '127.0.0.1', command],
      { encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' },
    );
    return { code: done.status, out: done.stdout, err: done.stderr };
  }

  /** A folder with a program `ssh` that does to the real one what `script` says; for PATH. */
  shimSsh(script: string): NodeJS.ProcessEnv {
    const folder = mkdtempSync(join(this.folder, 'shim-'));
    write(join(folder, 'ssh'), `#!/bin/bash\nshim=${folder}\n${script}\nexec /usr/bin/ssh "$@"\n`, 0o755);
    return { PATH: `${folder}:${process.env['PATH']}` };
  }

  #public(name: string): string {
    return readFileSync(join(this.folder, `key-${name}.pub`), 'utf8').trim();
  }

  #makeGate(name: string): Gate {
    const root = join(this.folder, name);
    for (const folder of [
      'etc/alternatives',
      'etc/systemd/system',
      'etc/kaimon',
      'opt',
      'var/lib/dpkg',
      'var/tmp',
      'run/fake',
      'local',
    ])
      mkdirSync(join(root, folder), { recursive: true });
    for (const file of ['passwd', 'group', 'nsswitch.conf', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d'])
      if (existsSync(join('/etc', file))) cpSync(join('/etc', file), join(root, 'etc', file), { recursive: true });
    write(join(root, 'bin/systemctl'), SYSTEMCTL, 0o755);
    write(join(root, 'bin/systemd-run'), SYSTEMD_RUN, 0o755);
    write(join(root, 'bin/nothing'), '#!/bin/sh\nexit 0\n', 0o755);
    const read = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '');
    return {
      name,
      root,
      read,
      get at() {
        return /^release=(.+)-[0-9a-f]{12}$/m.exec(read('opt/kaimon/current/.deploy/release'))?.[1];
      },
    };
  }

  #enterScript(): string {
    const binds = [
      ...[
        '--bind "$r/etc" /etc',
        '--ro-bind /etc/alternatives /etc/alternatives',
        '--bind "$r/opt" /opt',
        '--bind "$r/var" /var',
      ],
      ...['--ro-bind /var/lib/dpkg /var/lib/dpkg', '--bind "$r/run" /run', '--bind "$r/local" /usr/local/bin'],
      ...['systemctl', 'systemd-run'].map((program) => `--ro-bind "$r/bin/${program}" /usr/bin/${program}`),
      ...['systemd-sysusers', 'udevadm'].map((program) => `--ro-bind "$r/bin/nothing" /usr/bin/${program}`),
    ];
    const user = asRoot ? '' : '--unshare-user --uid 0 --gid 0';
    return `#!/bin/bash\nr=${this.folder}/$1\n[ ! -e "$r/gone" ] || exit 255\nexec bwrap ${user} --dev-bind / / ${binds.join(' ')} -- /bin/bash -c "$SSH_ORIGINAL_COMMAND"\n`;
  }

  #sshdConfig(): string {
    const own = [
      'UsePAM no',
      'StrictModes no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'PrintMotd no',
      'PermitUserRC no',
    ];
    return [
      ...[`Port ${this.#port}`, 'ListenAddress 127.0.0.1', `HostKey ${join(this.folder, 'key-host')}`, 'PidFile none'],
      ...[
        `AuthorizedKeysFile ${join(this.folder, 'authorized_keys')}`,
        `MaxStartups ${this.#count * 2 + 20}`,
        ...own,
        '',
      ],
    ].join('\n');
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Waits for what happens elsewhere. */
export async function until(what: string, happened: () => boolean): Promise<void> {
  const limit = Date.now() + 60_000;
  while (!happened()) {
    if (Date.now() > limit) throw new Error(`not within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
