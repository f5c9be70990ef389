import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { checkout, type Outcome, tree } from './tree.js';

/** Harmless programs of the real machine that the scripts may use; everything else is missing or a fake. */
const REAL =
  'bash sh cat cut dirname readlink mkdir rm mv cp ln touch find grep sed tr tail head wc awk sleep stat nproc uname getconf flock env date chmod mktemp';

export type FakeMachine = {
  readonly root: string;
  /** What the fakes were called with, one line a call. */
  calls(): string[];
  /** Runs scripts/setup. */
  setup(...args: readonly string[]): Outcome;
  /** Runs one part (`missing`, `work`, `advice`) of one step. */
  part(step: string, part: string, env?: Readonly<Record<string, string>>): Outcome;
  /** The same as a plain user, even if root runs the tests. */
  partAsUser(step: string, part: string): Outcome;
};

/** A copy of scripts/ in a machine on which only these programs exist (name → body of a sh script; they note their calls). */
export function fakeMachine(
  programs: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): FakeMachine {
  const root = tree(files);
  const bin = join(root, 'bin');
  const calls = join(root, 'calls');
  mkdirSync(bin);
  for (const name of REAL.split(' ')) {
    const found = (process.env['PATH'] ?? '').split(delimiter).find((folder) => existsSync(join(folder, name)));
    if (found !== undefined && programs[name] === undefined) symlinkSync(join(found, name), join(bin, name));
  }
  for (const [name, body] of Object.entries(programs)) {
    const text = `#!/bin/sh\necho "${name} $*" >> ${calls}\n${body}\n`;
    writeFileSync(join(bin, name), text, { mode: 0o755 });
  }
  cpSync(join(checkout, 'scripts'), join(root, 'scripts'), { recursive: true });
  const logs = join(root, '.setup/log');
  const plainUser = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const go = (
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    user = {},
  ): Outcome => {
    const done = spawnSync(command, args, {
      cwd: root,
      encoding: 'utf8',
      timeout: 60_000,
      env: { PATH: bin, HOME: root, ...env },
      ...user,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    if (done.error) throw done.error;
    return { code: done.status, out: done.stdout, err: `${done.stderr}${done.output[3] ?? ''}` };
  };
  return {
    root,
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
    setup: (...args) => go(join(root, 'scripts/setup'), args),
    part: (step, part, env) => {
      mkdirSync(logs, { recursive: true });
      return go('/bin/bash', [join(root, `scripts/setup.d/${step}.sh`), part], {
        KAIMON_PROGRESS: join(root, '.setup/progress'),
        ...env,
      });
    },
    partAsUser: (step, part) => {
      mkdirSync(logs, { recursive: true });
      for (const folder of [root, logs]) chmodSync(folder, 0o777);
      return go('/bin/bash', [join(root, `scripts/setup.d/${step}.sh`), part], {}, plainUser);
    },
  };
}

/** dpkg-query of a machine where all is installed but these. */
export const allInstalledBut = (...packages: readonly string[]): string =>
  `for last; do :; done; case " ${packages.join(' ')} " in *" $last "*) exit 1 ;; *) printf 'installed ' ;; esac`;

/** A node that answers the setup's question about itself like this. */
export const nodeThatIs = (answer: string): string => `echo '${answer}'`;
