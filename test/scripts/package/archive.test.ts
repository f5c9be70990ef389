import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, run, tree } from '../tree.js';

const builds = spawnSync('dpkg-deb', ['--version']).error === undefined;
if (!builds) console.log('package: skipped: dpkg-deb is missing');

/** Where the parts of the package for Debian 12 hand files to each other, with a tree ready to be packed. */
function workplace(): string {
  const root = tree({
    'bookworm-amd64/version': '1.2.3~deb12\n',
    'bookworm-amd64/tree/usr/lib/kaimon/dist/main.js': 'x'.repeat(3000),
    'bookworm-amd64/tree/usr/share/doc/kaimon/copyright': 'terms\n',
    'bookworm-amd64/tree/etc/kaimon/kaimon.yaml': 'site: home\n',
    'bin/dpkg-shlibdeps': '#!/bin/sh\necho "shlibs:Depends=libc6 (>= 2.34), libopencv-core406 (>= 4.6.0)"\n',
  });
  chmodSync(join(root, 'bookworm-amd64/tree/etc/kaimon/kaimon.yaml'), 0o640);
  return root;
}

function pack(root: string): string {
  const env = {
    ...process.env,
    PATH: `${join(root, 'bin')}:${process.env['PATH']}`,
    KAIMON_SUITE: 'bookworm',
    KAIMON_ARCH: 'amd64',
    KAIMON_PACKAGE_CACHE: root,
    KAIMON_OUT: join(root, 'out'),
    KAIMON_COMPRESSION: 'gzip',
    DEBEMAIL: 'gate@kaimon.test',
  };
  const { code, err } = run('bash', [join(checkout, 'scripts/deploy/package.d/deb.sh')], env);
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('depends on: ') });
  expect(readdirSync(join(root, 'out'))).toEqual(['kaimon_1.2.3~deb12_amd64.deb']);
  return join(root, 'out/kaimon_1.2.3~deb12_amd64.deb');
}

const control = (deb: string, part: string) => run('dpkg-deb', ['--info', deb, part]).out;

test.skipIf(!builds)('the control file says what the package is and what it needs', () => {
  const deb = pack(workplace());
  const text = control(deb, 'control');
  for (const line of [
    'Package: kaimon',
    'Version: 1.2.3~deb12',
    'Architecture: amd64',
    'Maintainer: Kaimon <gate@kaimon.test>',
    'Depends: libc6 (>= 2.34), libopencv-core406 (>= 4.6.0), opencv-data, systemd',
  ])
    expect(text.split('\n')).toContain(line);
  expect(text).not.toMatch(/@[A-Z]+@/);
  expect(Number(/^Installed-Size: (\d+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(3);
  expect(control(deb, 'conffiles')).toBe('/etc/kaimon/kaimon.yaml\n');
  for (const script of ['postinst', 'prerm', 'postrm'])
    expect(control(deb, script)).toBe(readFileSync(join(checkout, 'scripts/deploy/debian', script), 'utf8'));
});

test.skipIf(!builds)('everything belongs to root, and the configuration is not for everybody', () => {
  const listed = run('dpkg-deb', ['--contents', pack(workplace())]).out;
  expect(listed).toMatch(/^-rw-r----- root\/root .* \.\/etc\/kaimon\/kaimon\.yaml$/m);
  expect(listed.split('\n').filter((line) => line !== '' && !line.includes(' root/root '))).toEqual([]);
});

test.skipIf(!builds)('the same files make the same bytes, whenever and wherever they are packed', () => {
  const [one, other] = [workplace(), workplace()];
  utimesSync(join(other, 'bookworm-amd64/tree/usr/lib/kaimon/dist/main.js'), 1000, 1000);
  expect(readFileSync(pack(one)).equals(readFileSync(pack(other)))).toBe(true);
});

test.skipIf(!builds)('without OpenCV among the libraries nothing is packed', () => {
  const root = workplace();
  const env = { ...process.env, KAIMON_SUITE: 'bookworm', KAIMON_ARCH: 'amd64', KAIMON_PACKAGE_CACHE: root };
  const shim = tree({ 'dpkg-shlibdeps': '#!/bin/sh\necho "shlibs:Depends=libc6"\n' });
  const { code, err } = run('bash', [join(checkout, 'scripts/deploy/package.d/deb.sh')], {
    ...env,
    KAIMON_OUT: join(root, 'out'),
    PATH: `${shim}:${process.env['PATH']}`,
  });
  expect({ code, err }).toEqual({ code: 4, err: expect.stringContaining('no OpenCV') });
  expect(existsSync(join(root, 'out'))).toBe(false);
});

test.each([
  [['--arch', 'riscv64'], '--arch is amd64 or arm64, not riscv64'],
  [['--suite', 'buster'], '--suite is bookworm, trixie, jammy or noble, not buster'],
  [['--suite'], '--suite needs a value'],
  [['--fast'], 'unknown: --fast'],
])('%s is refused with what may be asked for', (args, message) => {
  if (!builds) return;
  const { code, err } = run(join(checkout, 'scripts/deploy/package'), args);
  expect(code).toBe(2);
  expect(err).toContain(message);
});
