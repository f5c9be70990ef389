import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, run, tree } from '../tree.js';

const postrm = join(checkout, 'scripts/deploy/debian/postrm');
const people = 'var/lib/kaimon/people.json';

/** A machine with a gate that has worked, and a `shred` that notes what it was given before it does its work. */
function machine(): string {
  const root = tree({
    [people]: '{"people":["Ada"]}',
    'var/lib/kaimon/in/people.json': '{}',
    'var/cache/kaimon/greetings/a.wav': 'Hello Ada',
    'etc/kaimon/kaimon.yaml': 'site: home',
    'etc/kaimon/mqtt-password': 'secret',
    'etc/credstore.encrypted/kaimon-seal': 'sealed key',
    'run/kaimon/door-line': 'chip=gpiochip0',
    'run/kaimon-seal/key': 'key',
    'home/other': 'not of Kaimon',
    'bin/shred': '#!/bin/sh\nprintf "%s\\n" "$@" >>"$(dirname "$0")/../shredded"\nexec /usr/bin/shred "$@"\n',
  });
  symlinkSync(join(root, 'home'), join(root, 'var/lib/kaimon/link'));
  symlinkSync(join(root, 'home/other'), join(root, 'var/lib/kaimon/evidence.jpg'));
  return root;
}

function postrmOf(root: string, action: string): string[] {
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH']}` };
  const { code, err } = run('sh', [postrm, '--root', root, action], env);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const note = join(root, 'shredded');
  return existsSync(note) ? readFileSync(note, 'utf8').split('\n') : [];
}

test.each(['remove', 'upgrade', 'abort-install'])('%s leaves people, journal and configuration', (action) => {
  const root = machine();
  expect(postrmOf(root, action)).toEqual([]);
  for (const file of [people, 'etc/kaimon/kaimon.yaml', 'run/kaimon/door-line'])
    expect(existsSync(join(root, file)), file).toBe(true);
});

test('purge overwrites what tells of people, passwords too, and takes all of it', () => {
  const root = machine();
  const shredded = postrmOf(root, 'purge').join('\n');
  expect(shredded).toMatch(/kaimon-seal\n.*kaimon-seal\/key\n.*\/people\.json/s);
  expect(existsSync(join(root, 'etc/credstore.encrypted/kaimon-seal'))).toBe(false);
  expect(shredded).toMatch(/\/people\.json\n.*\/people\.json/s);
  expect(shredded).toContain('/greetings/a.wav');
  expect(shredded).toContain('/etc/kaimon/mqtt-password');
  const folders = [
    'var/lib/kaimon',
    'var/lib/kaimon.purged',
    'var/cache/kaimon',
    'etc/kaimon',
    'run/kaimon',
    'run/kaimon-seal',
  ];
  for (const folder of folders) expect(existsSync(join(root, folder)), folder).toBe(false);
});

test('purge takes nothing from a gate that has moved to releases since, and says so', () => {
  const root = machine();
  mkdirSync(join(root, 'opt/kaimon'), { recursive: true });
  symlinkSync('releases/1.0.0-0123456789ab', join(root, 'opt/kaimon/current'));
  const { code, err } = run('sh', [postrm, '--root', root, 'purge']);
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('nothing is purged: a release') });
  for (const file of [people, 'etc/kaimon/kaimon.yaml', 'etc/credstore.encrypted/kaimon-seal', 'run/kaimon/door-line'])
    expect(existsSync(join(root, file)), file).toBe(true);
});

test('purge follows no link that the service may have made', () => {
  const root = machine();
  expect(postrmOf(root, 'purge').join('\n')).not.toContain('other');
  expect(readFileSync(join(root, 'home/other'), 'utf8')).toBe('not of Kaimon');
});

test('purge finishes one that was interrupted', () => {
  const root = machine();
  mkdirSync(join(root, 'var/lib/kaimon.purged'));
  writeFileSync(join(root, 'var/lib/kaimon.purged/people.json'), '{}');
  expect(postrmOf(root, 'purge').join('\n')).toContain('kaimon.purged/people.json');
  expect(existsSync(join(root, 'var/lib/kaimon.purged'))).toBe(false);
});

test.each(['postinst', 'prerm', 'postrm'])('%s is plain sh without a slip', (name) => {
  expect(run('sh', ['-n', join(checkout, 'scripts/deploy/debian', name)])).toEqual({ code: 0, out: '', err: '' });
});
