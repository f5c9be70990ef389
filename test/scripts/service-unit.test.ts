import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { variableOf } from '../../src/config/keys.js';
import { KEY_WAIT_MS } from '../../src/config/opening.js';
import { eyeEnvironment } from '../../src/eye/environment.js';
import { NATIVE_FLAGS } from '../../src/kit/native-flags.js';
import { checkout, run, tree } from './tree.js';

const unit = readFileSync(join(checkout, 'systemd/kaimon.service'), 'utf8');
const has = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;
const values = (key: string): string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map((match) => match[1] ?? '');

/** The unit as it would stand on a machine whose /opt/kaimon is this checkout. */
const installed = (): string =>
  join(tree({ 'kaimon.service': unit.replaceAll('/opt/kaimon', checkout) }), 'kaimon.service');

describe('kaimon.service', () => {
  test.skipIf(!has('systemd-analyze'))('systemd accepts every line of it', () => {
    const { code, out, err } = run('systemd-analyze', ['verify', '--man=no', installed()]);
    // Other units of the machine may be complained about; ours must not.
    const ours = `${out}${err}`.split('\n').filter((line) => line.includes('kaimon'));
    expect({ code, ours }).toEqual({ code: 0, ours: [] });
  });

  test.skipIf(!has('systemd-analyze'))('it is confined to an exposure below 2.0', () => {
    const { out, err } = run('systemd-analyze', ['security', '--offline=yes', '--no-pager', installed()]);
    const score = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(`${out}${err}`)?.[1]);
    expect(score).toBeLessThan(2);
  });

  test('every program that it starts is in the checkout and executable', () => {
    const commands = [...values('ExecStart'), ...values('ExecStopPost')].map(
      (line) => line.replace(/^\+/, '').split(' ')[0] ?? '',
    );
    expect(commands).toHaveLength(2);
    for (const command of commands) expect(existsSync(command.replace('/opt/kaimon', checkout)), command).toBe(true);
  });

  test('the program that it starts has threads enough for files on a disk that hangs, unless told otherwise', () => {
    const started = (values('ExecStart')[0]?.split(' ')[0] ?? '').replace('/opt/kaimon/', '');
    const root = tree({
      'scripts/env.sh': '',
      [started]: readFileSync(join(checkout, started), 'utf8'),
      'dist/cli/main.js': `console.log(process.env['UV_THREADPOOL_SIZE'])`,
    });
    const threads = (given: string | undefined) =>
      run('sh', [join(root, started)], { ...process.env, UV_THREADPOOL_SIZE: given }).out.trim();
    expect([threads(undefined), threads('5')]).toEqual(['16', '5']);
  });

  test('a door controller is always started again, and the relay made safe after every end', () => {
    expect([values('Restart'), values('StartLimitIntervalSec')]).toEqual([['always'], ['0']]);
    expect(values('ExecStopPost')).toEqual(['+/opt/kaimon/systemd/safe-state.sh --service']);
    // A gpioset that holds the door released in a fire must outlive the service; the script kills all else.
    expect(values('KillMode')).toEqual(['process']);
    expect(values('RuntimeDirectoryPreserve')).toEqual(['yes']);
  });

  test('the gate sees no camera: it gets its eye from the socket, without which it starts all the same', () => {
    const socket = readFileSync(join(checkout, 'systemd/kaimon-eye.socket'), 'utf8');
    const path = /^ListenStream=(.*)$/m.exec(socket)?.[1];
    expect(values('Environment')).toContain(`${variableOf(['eye', 'socket'])}=${path}`);
    expect([values('Wants')[0]?.split(' '), values('Requires')]).toEqual([
      expect.arrayContaining(['kaimon-eye.socket']),
      [],
    ]);
    expect(values('DeviceAllow').filter((device) => /video|media|dma/.test(device))).toEqual([]);
    expect(values('SupplementaryGroups')[0]).not.toContain('video');
  });

  test('a child that runs out of memory does not stop the gate', () => {
    expect(values('OOMPolicy')).toEqual(['continue']);
  });

  test('the groups it wants are made by its sysusers file', () => {
    const made = readFileSync(join(checkout, 'systemd/sysusers.d/kaimon.conf'), 'utf8');
    for (const group of (values('SupplementaryGroups')[0] ?? '').split(' ')) {
      expect(made).toMatch(new RegExp(`^m kaimon ${group}$`, 'm'));
    }
  });
});

describe('kaimon-eye@.service', () => {
  const eye = readFileSync(join(checkout, 'systemd/kaimon-eye@.service'), 'utf8');
  const of = (key: string): string[] =>
    [...eye.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
  const files = ['kaimon-eye@.service', 'kaimon-eye.socket'].map((name): [string, string] => [
    name,
    readFileSync(join(checkout, 'systemd', name), 'utf8').replaceAll('/opt/kaimon', checkout),
  ]);
  const installedEye = () => tree(Object.fromEntries([...files, ['kaimon-eye@x.service', files[0]?.[1] ?? '']]));

  test.skipIf(!has('systemd-analyze'))('systemd accepts every line of it and of its socket', () => {
    const folder = installedEye();
    const units = ['kaimon-eye@x.service', 'kaimon-eye.socket'].map((name) => join(folder, name));
    const { code, out, err } = run('systemd-analyze', ['verify', '--man=no', ...units]);
    const ours = `${out}${err}`.split('\n').filter((line) => line.includes('kaimon'));
    expect({ code, ours }).toEqual({ code: 0, ours: [] });
  });

  test.skipIf(!has('systemd-analyze'))('it is confined to an exposure below 1.0', () => {
    const { out, err } = run('systemd-analyze', [
      'security',
      '--offline=yes',
      '--no-pager',
      join(installedEye(), 'kaimon-eye@x.service'),
    ]);
    const score = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(`${out}${err}`)?.[1]);
    expect(score).toBeLessThan(1);
  });

  test('what it may do is what it needs: no user, folder, network, line or watchdog of the gate', () => {
    // With a name of its own all eyes of the computer would be one user, and with %i in it the name could get too long.
    expect([of('DynamicUser'), of('User'), of('Group')]).toEqual([['yes'], [], []]);
    expect(of('SupplementaryGroups')).toEqual(['video']);
    expect(of('DeviceAllow')).toEqual(['char-video4linux rw', 'char-media rw', 'char-dma_heap rw']);
    expect([of('PrivateNetwork'), of('RestrictAddressFamilies')]).toEqual([['yes'], ['none']]);
    expect([of('StateDirectory'), of('RuntimeDirectory'), of('ReadWritePaths'), of('NotifyAccess')]).toEqual([
      [],
      [],
      [],
      [],
    ]);
    expect(of('TemporaryFileSystem')[0]).toMatch(/\/run:ro.*\/var:ro.*\/opt:ro/);
  });

  test('its environment and its Node are those of an eye that is a child', () => {
    const given = Object.fromEntries(
      of('Environment')
        .flatMap((one) => one.split(' '))
        .map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
    );
    expect(given).toEqual({ ...eyeEnvironment({}), HOME: '/tmp' });
    const script = readFileSync(join(checkout, 'systemd/eye.sh'), 'utf8');
    expect(script).toContain(`node ${NATIVE_FLAGS.join(' ')} "$program"`);
    expect(of('ExecStart')).toEqual(['/opt/kaimon/systemd/eye.sh']);
  });

  test('every folder that it is shown is in the checkout, or may be missing', () => {
    const shown = of('BindReadOnlyPaths').flatMap((one) => one.split(' '));
    const needed = shown.filter((path) => !path.startsWith('-'));
    expect(needed.length).toBeGreaterThan(4);
    for (const path of needed) expect(existsSync(path.replace('/opt/kaimon', checkout)), path).toBe(true);
  });
});

describe('kaimon-seal.service', () => {
  const seal = readFileSync(join(checkout, 'systemd/kaimon-seal.service'), 'utf8');
  const of = (key: string): string[] =>
    [...seal.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
  const installedSeal = () =>
    join(tree({ 'kaimon-seal.service': seal.replaceAll('/opt/kaimon', checkout) }), 'kaimon-seal.service');

  test.skipIf(!has('systemd-analyze'))(
    'systemd accepts every line of it, and it is confined to an exposure below 1.5',
    () => {
      const { code, out, err } = run('systemd-analyze', ['verify', '--man=no', installedSeal()]);
      const ours = `${out}${err}`.split('\n').filter((line) => line.includes('kaimon'));
      expect({ code, ours }).toEqual({ code: 0, ours: [] });
      const score = run('systemd-analyze', ['security', '--offline=yes', '--no-pager', installedSeal()]);
      expect(Number(/Overall exposure level for \S+: ([\d.]+)/.exec(`${score.out}${score.err}`)?.[1])).toBeLessThan(
        1.5,
      );
    },
  );

  test('no gate has a credential that could keep it from starting, or waits for the unit that has', () => {
    for (const name of ['kaimon.service', 'kaimon@.service']) {
      const gate = readFileSync(join(checkout, 'systemd', name), 'utf8');
      expect(gate, name).toMatch(/^Wants=.* kaimon-seal\.service$/m);
      expect(gate, name).not.toMatch(/^(Requires|Requisite|BindsTo|PartOf|After)=.*kaimon-seal/m);
      expect(gate, name).not.toMatch(/^\w*Credential\w*=/m);
    }
    expect([of('Before'), of('RequiredBy'), of('BindsTo')]).toEqual([[], [], []]);
    expect(of('TimeoutStartSec')).toEqual([`${KEY_WAIT_MS / 1000}`]);
  });

  test('the key is where tamper.sh and the docs look for it, for the group of the gates alone, and gone with the unit', () => {
    expect([of('RuntimeDirectory'), of('RuntimeDirectoryMode'), of('RuntimeDirectoryPreserve')]).toEqual([
      ['kaimon-seal'],
      ['0750'],
      [],
    ]);
    expect([of('User'), of('Group'), of('CapabilityBoundingSet')]).toEqual([[], values('Group'), ['']]);
    expect(of('RemainAfterExit')).toEqual(['yes']);
    expect(of('ConditionPathExists')).toEqual(
      of('LoadCredentialEncrypted').map((one) => one.replace('kaimon-seal:', '')),
    );
  });

  test('its programs make the whole key in one step, readable for the group and for nobody else', () => {
    const root = tree({ 'credentials/kaimon-seal': 'the key', 'run/kaimon-seal/other': '' });
    const commands = of('ExecStart').map((one) => one.replaceAll('/run/', `${root}/run/`));
    const env = { ...process.env, CREDENTIALS_DIRECTORY: join(root, 'credentials') };
    for (const command of commands)
      expect(run('sh', ['-c', `umask ${of('UMask')[0]}; ${command}`], env)).toEqual({ code: 0, out: '', err: '' });
    const key = join(root, 'run/kaimon-seal/key');
    expect([readFileSync(key, 'utf8'), (statSync(key).mode & 0o777).toString(8)]).toEqual(['the key', '440']);
    expect(commands.at(-1)).toMatch(/^\/usr\/bin\/mv -T .*\/key$/);
  });

  test('no eye sees it', () => {
    const eye = readFileSync(join(checkout, 'systemd/kaimon-eye@.service'), 'utf8');
    expect(eye).toMatch(/^TemporaryFileSystem=\/run:ro /m);
    expect(eye).not.toMatch(/^Bind\w*=.*kaimon-seal/m);
  });
});

describe('kaimon@.service', () => {
  const template = readFileSync(join(checkout, 'systemd/kaimon@.service'), 'utf8');
  const body = (text: string): string => text.slice(text.indexOf('[Unit]'));

  test('is kaimon.service with a configuration and folders of its own, and nothing else', () => {
    const own = body(unit)
      .replace('Kaimon gate controller', 'Kaimon gate controller, gate %i')
      .replace('/etc/kaimon/kaimon.yaml', '/etc/kaimon/%i.yaml')
      .replace('safe-state.sh --service\n', 'safe-state.sh --service /run/kaimon/%i/door-line\n')
      .replace('/run/kaimon/door-line', '/run/kaimon/%i/door-line')
      .replace(/^(State|Cache|Runtime)Directory=kaimon$/gm, '$1Directory=kaimon/%i');
    expect(body(template)).toBe(own);
    expect(template.match(/%i/g)).toHaveLength(7);
  });

  test.skipIf(!has('systemd-analyze'))('systemd accepts it for a gate', () => {
    const folder = tree({ 'kaimon@in.service': template.replaceAll('/opt/kaimon', checkout) });
    const { code, out, err } = run('systemd-analyze', ['verify', '--man=no', join(folder, 'kaimon@in.service')]);
    const ours = `${out}${err}`.split('\n').filter((line) => line.includes('kaimon'));
    expect({ code, ours }).toEqual({ code: 0, ours: [] });
  });
});
