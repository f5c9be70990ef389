import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
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

const namespaces = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

/** Purges with these folders mounted, and returns what is in them afterwards and what was said. */
function purgeMounted(root: string, ...mounts: readonly string[]): { readonly left: string[]; readonly err: string } {
  const script = `set -e
for at in "$@"; do cp -a "$at" "$at.old"; mount -t tmpfs tmpfs "$at"; cp -a "$at.old/." "$at/"; rm -rf "$at.old"; done
PATH="$ROOT/bin:$PATH" sh "$POSTRM" --root "$ROOT" purge
for at in "$ROOT/var/lib/kaimon" "$ROOT/var/lib/kaimon.purged"; do [ ! -e "$at" ] || find "$at" -type f; done`;
  const env = { ...process.env, ROOT: root, POSTRM: postrm };
  const done = run('unshare', ['-rm', 'sh', '-c', script, 'sh', ...mounts.map((at) => join(root, at))], env);
  expect(done.code, done.err).toBe(0);
  return { left: done.out.split('\n').filter((line) => line !== ''), err: done.err };
}

test.skipIf(!namespaces)(
  'purge of a mounted folder empties it, goes on with the rest, and says that the mount stays',
  () => {
    const root = machine();
    const { left, err } = purgeMounted(root, 'var/lib/kaimon');
    expect(left).toEqual([]);
    expect(err).toBe(`kaimon: ${root}/var/lib/kaimon is empty, but stays: it is a mount\n`);
    const shredded = readFileSync(join(root, 'shredded'), 'utf8');
    expect(shredded).toMatch(/kaimon\/\.purged\/.*\/people\.json\n.*\/in\/people\.json/s);
    expect([existsSync(join(root, 'etc/kaimon')), existsSync(join(root, 'home/other'))]).toEqual([false, true]);
  },
);

test.skipIf(!namespaces)('and says what stays of a mount inside of it', () => {
  const root = machine();
  const { left, err } = purgeMounted(root, 'var/lib/kaimon', 'var/lib/kaimon/in');
  expect(left).toEqual([join(root, 'var/lib/kaimon/in/people.json')]);
  expect(err).toBe(
    `kaimon: ${root}/var/lib/kaimon STAYS, with 1 files: mounts, or what cannot be removed. Erase it by hand\n`,
  );
});

test('purge says of a link that it and what it leads to stay', () => {
  const root = machine();
  renameSync(join(root, 'var/lib/kaimon'), join(root, 'data'));
  symlinkSync(join(root, 'data'), join(root, 'var/lib/kaimon'));
  const { code, err } = run('sh', [postrm, '--root', root, 'purge']);
  expect([code, err]).toEqual([
    0,
    `kaimon: ${root}/var/lib/kaimon is a link: it and what it leads to, ${root}/data, STAY. Erase them by hand\n`,
  ]);
  expect([existsSync(join(root, 'data/people.json')), existsSync(join(root, 'etc/kaimon'))]).toEqual([true, false]);
});

test('purge takes along older keys, and the links of units that the owner enabled', () => {
  const root = machine();
  writeFileSync(join(root, 'etc/credstore.encrypted/kaimon-seal-old'), 'sealed key');
  const wants = join(root, 'etc/systemd/system/multi-user.target.wants');
  mkdirSync(wants, { recursive: true });
  for (const unit of ['kaimon-tamper.path', 'kaimon-seal.service', 'other.path'])
    symlinkSync(`/usr/lib/systemd/system/${unit}`, join(wants, unit));
  expect(postrmOf(root, 'purge').join('\n')).toContain('kaimon-seal-old');
  expect(readdirSync(wants)).toEqual(['other.path']);
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
