import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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

  test('a door controller is always started again, and the relay made safe after every end', () => {
    expect([values('Restart'), values('StartLimitIntervalSec')]).toEqual([['always'], ['0']]);
    expect(values('ExecStopPost')).toEqual(['+/opt/kaimon/systemd/safe-state.sh --service']);
    // A gpioset that holds the door released in a fire must outlive the service; the script kills all else.
    expect(values('KillMode')).toEqual(['process']);
    expect(values('RuntimeDirectoryPreserve')).toEqual(['yes']);
  });

  test('an eye that runs out of memory does not stop the gate', () => {
    expect(values('OOMPolicy')).toEqual(['continue']);
  });

  test('the groups it wants are made by its sysusers file', () => {
    const made = readFileSync(join(checkout, 'systemd/sysusers.d/kaimon.conf'), 'utf8');
    for (const group of (values('SupplementaryGroups')[0] ?? '').split(' ')) {
      expect(made).toMatch(new RegExp(`^m kaimon ${group}$`, 'm'));
    }
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
