import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, run, tree } from '../tree.js';

const program = join(checkout, 'scripts/deploy/package.d/units.mjs');
const has = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;
const home = '/usr/lib/kaimon';

function packaged(): { readonly folder: string; readonly units: ReadonlyMap<string, string> } {
  const folder = tree({});
  const { code, err } = run(process.execPath, [program, join(checkout, 'systemd'), folder]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return {
    folder,
    units: new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])),
  };
}

test('all units come along, and none names the checkout', () => {
  const { units } = packaged();
  const here = readdirSync(join(checkout, 'systemd')).filter((name) => /\.(service|socket|path)$/.test(name));
  expect([...units.keys()].sort()).toEqual(here.sort());
  for (const [name, unit] of units) expect(unit, name).not.toMatch(/\/opt\/kaimon|scripts\/setup|\.setup/);
});

test('every program that they start is one of the package', () => {
  const names = [...packaged().units.values()].flatMap((unit) =>
    [...unit.matchAll(/^Exec\w+=\+?(\S+)/gm)].map((match) => match[1] ?? ''),
  );
  expect(names.length).toBeGreaterThan(3);
  for (const name of names) expect(existsSync(name.replace(home, checkout)), name).toBe(true);
});

test('confinement and all else are those of the checkout', () => {
  const settings = (text: string) =>
    text.split('\n').filter((line) => !/^(#|Documentation|Exec|BindReadOnlyPaths)/.test(line));
  for (const [name, unit] of packaged().units)
    expect(settings(unit), name).toEqual(settings(readFileSync(join(checkout, 'systemd', name), 'utf8')));
});

test.skipIf(!has('systemd-analyze'))('systemd accepts every line of them', () => {
  const { folder, units } = packaged();
  for (const [name, unit] of units) writeFileSync(join(folder, name), unit.replaceAll(home, checkout));
  const { code, out, err } = run('systemd-analyze', ['verify', '--man=no', join(folder, 'kaimon.service')]);
  const ours = `${out}${err}`.split('\n').filter((line) => line.includes('kaimon'));
  expect({ code, ours }).toEqual({ code: 0, ours: [] });
});

test('a unit that was written anew is not half adapted', () => {
  const from = tree({ 'kaimon.service': '[Service]\nExecStart=/opt/kaimon/scripts/kaimon run\n' });
  const { code, err } = run(process.execPath, [program, from, tree({})]);
  expect(code).toBe(1);
  expect(err).toContain('mend scripts/deploy/package.d/units.mjs');
});
