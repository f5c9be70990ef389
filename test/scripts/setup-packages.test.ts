import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allInstalledBut, fakeMachine, nodeThatIs } from './fake-machine.js';

const apt = { 'apt-get': '', 'apt-cache': "echo '  Candidate: 20.19.2+dfsg-1'", dpkg: 'exit 0' };
const good = { node: nodeThatIs('ok'), npm: '' };

describe('setup, distribution packages', () => {
  test('asks apt for nothing where all is installed', () => {
    const machine = fakeMachine({ ...apt, ...good, 'dpkg-query': allInstalledBut() });
    expect(machine.part('packages', 'missing').out).toBe('');
  });

  test('asks apt only for what is missing, once the lists are fresh', () => {
    const machine = fakeMachine({ ...apt, ...good, 'dpkg-query': allInstalledBut('espeak-ng', 'make') });
    expect(machine.part('packages', 'missing').out).toBe('make\nespeak-ng\n');
    expect(machine.part('packages', 'work').code).toBe(0);
    expect(machine.calls().filter((call) => call.startsWith('apt-get'))).toEqual([
      'apt-get -y -o DPkg::Lock::Timeout=600 update',
      'apt-get -y -o DPkg::Lock::Timeout=600 install --no-install-recommends make espeak-ng',
    ]);
  });

  test('a broken foreign package source does not stop it', () => {
    const broken = 'case "$*" in *update) exit 100 ;; esac';
    const machine = fakeMachine({ ...apt, ...good, 'apt-get': broken, 'dpkg-query': allInstalledBut('make') });
    expect(machine.part('packages', 'work').code).toBe(0);
  });

  test('a bare machine gets the distribution’s Node, npm and, where that Node serves, its headers', () => {
    const machine = fakeMachine({ ...apt, 'dpkg-query': allInstalledBut('nodejs', 'npm') });
    expect(machine.part('packages', 'missing').out).toBe('nodejs\nnpm\n');
    machine.part('packages', 'work');
    expect(machine.calls().at(-1)).toMatch(/ nodejs npm libnode-dev$/);
  });

  test('a machine whose distribution has an old Node gets no headers for it', () => {
    const old = { 'apt-cache': "echo '  Candidate: 18.20.4+dfsg-1'", dpkg: 'exit 1' };
    const machine = fakeMachine({ ...apt, ...old, 'dpkg-query': allInstalledBut('nodejs', 'npm') });
    machine.part('packages', 'work');
    expect(machine.calls().at(-1)).toMatch(/ nodejs npm$/);
  });

  test('without root and without sudo it says what an administrator has to type', () => {
    const noSudo = { 'apt-get': '', dpkg: '', 'dpkg-query': allInstalledBut('make') };
    const machine = fakeMachine({ ...good, ...noSudo });
    expect(machine.partAsUser('packages', 'prepare').code).toBe(1);
    expect(machine.partAsUser('packages', 'advice').out).toBe(
      'Root rights are needed once. As root run: apt-get install --no-install-recommends make \n',
    );
  });

  test('a plain user installs through sudo, asked for the password before the log takes the screen', () => {
    const machine = fakeMachine({
      ...apt,
      ...good,
      sudo: '[ "$1" = -v ] || exec "$@"',
      'dpkg-query': allInstalledBut('make'),
    });
    expect(machine.partAsUser('packages', 'prepare').code).toBe(0);
    expect(machine.partAsUser('packages', 'work').code).toBe(0);
    expect(machine.calls()).toContain('sudo -v');
    expect(machine.calls().at(-1)).toContain('install --no-install-recommends make');
  });

  test('on a system that is not of the Debian family it says what to install by hand', () => {
    const machine = fakeMachine({ ...good, 'dpkg-query': allInstalledBut('make') });
    const { code, err } = machine.setup();
    expect(code).toBe(4);
    expect(err).toMatch(/FAILED: Distribution packages\. Kaimon's setup knows Debian .*by hand: make/);
  });

  test('a package that the sources do not have leads to a hint and the end of the log', () => {
    const failing = 'case "$*" in *install*) echo "E: Unable to locate package espeak-ng"; exit 100 ;; esac';
    const machine = fakeMachine({ ...apt, ...good, 'apt-get': failing, 'dpkg-query': allInstalledBut('espeak-ng') });
    const { code, out, err } = machine.setup();
    expect(code).toBe(4);
    expect(out).toBe('');
    expect(err).toContain('add-apt-repository universe');
    expect(err).toContain('      E: Unable to locate package espeak-ng');
  });
});

describe('setup, Node.js', () => {
  test.each([
    ['ok', ''],
    ['old 18.20.4', 'Node.js 20.19 or newer (found 18.20.4): a private one\n'],
    ['headers 20.20.2', 'the headers of Node.js 20.20.2: a private Node with headers\n'],
    ['bits arm', 'a 64-bit Node.js (found arm): a private one\n'],
  ])('a Node that is "%s"', (answer, expected) => {
    const machine = fakeMachine({ node: nodeThatIs(answer), npm: '' });
    expect(machine.part('node', 'missing').out).toBe(expected);
  });

  test('without npm it says how to get one', () => {
    const machine = fakeMachine({});
    expect(machine.part('node', 'missing').out).toContain('none found');
    expect(machine.part('node', 'advice').out).toContain('apt-get install npm');
  });
});

describe('setup', () => {
  test('refuses a 32-bit system in one sentence', () => {
    const machine = fakeMachine({ getconf: 'echo 32', uname: 'echo aarch64' });
    const { code, out, err } = machine.setup();
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toContain("install 'Raspberry Pi OS (64-bit)'");
  });

  test('--check names what is missing and changes nothing', () => {
    const machine = fakeMachine({ ...apt, ...good, 'dpkg-query': allInstalledBut('make') });
    const { code, err } = machine.setup('--check');
    expect(code).toBe(1);
    expect(err).toMatch(/Distribution packages \.\.\. missing:\n {6}make\n/);
    expect(err).toContain('Not ready');
    expect(existsSync(join(machine.root, '.setup'))).toBe(false);
    expect(machine.calls().some((call) => /^(apt-get|npm|sudo)/.test(call))).toBe(false);
  });

  test('interrupted, it says on the screen, not in a log, that it can go on', () => {
    const kill = 'case "$*" in *install*) kill -TERM $(cut -d " " -f 4 /proc/$PPID/stat) ;; esac';
    const machine = fakeMachine({
      ...apt,
      ...good,
      'apt-get': kill,
      sudo: '[ "$1" = -v ] || exec "$@"',
      'dpkg-query': allInstalledBut('make'),
    });
    const { code, err } = machine.setup();
    expect(code).toBe(130);
    expect(err).toMatch(/interrupted: run scripts\/setup again.*\n$/);
  });

  test('an unknown option is wrong use', () => {
    expect(fakeMachine({}).setup('--chekc').code).toBe(2);
  });
});
