import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkout, run } from '../tree.js';
import { all, type Gate, missing, Site } from './harness.js';
import { write } from './packages.js';

if (missing !== undefined) console.log(`deploy: skipped: ${missing}`);
const site = new Site(missing === undefined ? 2 : 0);
const [gate, other] = site.gates as [Gate, Gate];

beforeAll(async () => {
  if (missing !== undefined) return;
  await site.start();
  const { out } = await site.deploy([await site.pack('1.0.0'), 'gate1']);
  expect(out).toContain('gate1  refused      this host trusts no signer yet: deploy --trust SIGNERS HOST');
  await site.trust('gate1', 'gate2');
}, 60_000);
afterAll(() => site.end());

const home = (tree: string) => join(tree, 'usr/lib/kaimon');

/** An ssh-keygen that reads all it is given and says yes to it. */
function saysYes(): string {
  const bin = join(site.folder, 'yes');
  write(join(bin, 'ssh-keygen'), '#!/bin/sh\ncat >/dev/null\n', 0o755);
  return bin;
}

/** Nothing of it lies on the host, and nothing of it ran. */
function expectUntouched(of: Gate): void {
  expect(of.at).toBeUndefined();
  expect(
    site.on(
      of,
      'ls -A /opt/kaimon/releases /opt/kaimon/incoming /etc/systemd/system 2>/dev/null; find /opt /etc /var /run -name landed',
    ).out,
  ).not.toMatch(/1\.0\.0|kaimon\.service|landed/);
  expect(existsSync(join(of.root, 'run/starts'))).toBe(false);
}

const SPOILED: readonly [string, RegExp, (tree: string) => void][] = [
  [
    'a link that leads out',
    /a link that leads elsewhere \(out\)/,
    (tree) => symlinkSync('../../../../../etc', join(home(tree), 'out')),
  ],
  [
    'an absolute link',
    /a link that leads elsewhere \(out\)/,
    (tree) => symlinkSync('/etc/kaimon', join(home(tree), 'out')),
  ],
  [
    'a file with the rights of another user',
    /rights of another user/,
    (tree) => {
      writeFileSync(join(home(tree), 'setuid'), '');
      chmodSync(join(home(tree), 'setuid'), 0o4755);
    },
  ],
  ['a hard link', /hard links/, (tree) => linkSync(join(home(tree), 'package.json'), join(home(tree), 'hard'))],
  ['a device', /devices/, (tree) => expect(spawnSync('mkfifo', [join(home(tree), 'pipe')]).status).toBe(0)],
  ['a name with a backslash', /names that lead elsewhere/, (tree) => writeFileSync(join(home(tree), 'a\\b'), '')],
  ['no program', /no program/, (tree) => chmodSync(join(home(tree), 'scripts/kaimon'), 0o644)],
];
test.skipIf(missing).each(all ? SPOILED : SPOILED.slice(0, 3))(
  'a signed package with %s is refused, and nothing of it is left',
  async (_what, why, spoil) => {
    const { code, out } = await site.deploy([await site.pack('1.0.0', { spoil }), 'gate1']);
    expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(why) });
    expectUntouched(gate);
  },
  60_000,
);

test.skipIf(missing)(
  'a name with .. in the archive is refused, and nothing lands there',
  async () => {
    const deb = await site.pack('1.0.0');
    const bytes = readFileSync(deb);
    // The same length, so that the archive stays whole; tar's checksum of the header is mended below.
    const at = bytes.indexOf('./usr/lib/kaimon/package.json');
    bytes.write('./../../../../../../opt/landed', at);
    const header = bytes.subarray(at, at + 512);
    header.fill(0x20, 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    writeFileSync(deb, bytes);
    site.sign(deb, 'signer');
    const { out } = await site.deploy([deb, 'gate1']);
    expect(out).toContain('names that lead elsewhere');
    expectUntouched(gate);
  },
  60_000,
);

test.skipIf(missing)(
  'what a stranger signed is copied and refused before it is unpacked',
  async () => {
    const deb = await site.pack('1.0.0');
    site.sign(deb, 'stranger');
    const { code, out } = await site.deploy([deb, 'gate1']);
    expect({ code, out }).toEqual({
      code: 1,
      out: expect.stringContaining('not signed by anybody whom this host trusts'),
    });
    expectUntouched(gate);
  },
  60_000,
);

test.skipIf(missing)(
  'a package that was changed after it was signed is refused on the PC, and on the host too',
  async () => {
    const deb = await site.pack('1.0.0');
    appendFileSync(deb, 'x');
    const here = await site.deploy([deb, 'gate1']);
    expect(here).toMatchObject({ code: 2, err: expect.stringContaining('is no signature of this package') });
    // A PC that does not look: its ssh-keygen says yes to everything.
    const bin = saysYes();
    const there = await site.deploy([deb, 'gate1'], { PATH: `${bin}:${process.env['PATH']}` });
    expect(there.out).toMatch(/signature of owner does not fit|not signed by anybody/);
    expectUntouched(gate);
  },
  60_000,
);

test.skipIf(missing)(
  'a signature for another purpose does not count',
  async () => {
    const deb = await site.pack('1.0.0');
    run('rm', [`${deb}.sig`]);
    run('ssh-keygen', ['-q', '-Y', 'sign', '-f', join(site.folder, 'key-signer'), '-n', 'file', deb]);
    const bin = saysYes();
    const { out } = await site.deploy([deb, 'gate1'], { PATH: `${bin}:${process.env['PATH']}` });
    expect(out).toMatch(/does not fit|not signed by anybody/);
    expectUntouched(gate);
  },
  60_000,
);

test.skipIf(missing)(
  'another processor, a false name and packages that are missing are named',
  async () => {
    const foreign = await site.deploy([await site.pack('1.0.0', { arch: 'riscv64' }), 'gate1']);
    expect(foreign.out).toMatch(/refused {6}the package is for riscv64, and this host is \w+/);
    const deb = await site.pack('1.0.0');
    const renamed = join(dirname(deb), deb.split('/').pop()?.replace('1.0.0', '9.0.0') ?? '');
    copyFileSync(deb, renamed);
    site.sign(renamed, 'signer');
    expect((await site.deploy([renamed, 'gate1'])).out).toContain('the package is of version 1.0.0 and not 9.0.0');
    const depends = 'bash (>= 3), bash (>= 99) | nothing-such | libnothing9, libfrobnicate2 (>= 1)';
    const lacking = await site.deploy([await site.pack('1.0.0', { depends }), 'gate1']);
    expect(lacking.out).toContain(
      'packages of the distribution are missing: bash libfrobnicate2 (--install-dependencies',
    );
    expectUntouched(gate);
  },
  60_000,
);

test.skipIf(missing)(
  'a checkout, and units that are not of a release, are not overwritten',
  async () => {
    const deb = await site.pack('1.0.0');
    mkdirSync(join(other.root, 'opt/kaimon'));
    writeFileSync(join(other.root, 'opt/kaimon/package.json'), '{}');
    expect((await site.deploy([deb, 'gate2'])).out).toContain('/opt/kaimon is a checkout');
    run('rm', [join(other.root, 'opt/kaimon/package.json')]);
    writeFileSync(join(other.root, 'etc/systemd/system/kaimon.service'), '[Service]\n');
    expect((await site.deploy([deb, 'gate2'])).out).toContain('/etc/systemd/system/kaimon.service is not of a release');
    expect(other.read('etc/systemd/system/kaimon.service')).toBe('[Service]\n');
    run('rm', [join(other.root, 'etc/systemd/system/kaimon.service')]);
  },
  60_000,
);

test.skipIf(missing)(
  'in a fire, below the version at work and after others were named: no, and why',
  async () => {
    const quick = ['--steady', '1', '--health-timeout', '60'];
    expect((await site.deploy([...quick, await site.pack('2.0.0'), 'gate2'])).code).toBe(0);
    const older = await site.deploy([...quick, await site.pack('1.9.0'), 'gate2']);
    expect(older.out).toContain('version 2.0.0 is at work, which is newer than 1.9.0');
    writeFileSync(join(other.root, 'run/kaimon/door-line'), 'fire=active\n');
    const fire = await site.deploy([...quick, await site.pack('2.1.0'), 'gate2']);
    expect(fire.out).toContain('the fire alarm is on: not now');
    expect(other.at).toBe('2.0.0');
    writeFileSync(
      join(site.folder, 'strangers'),
      readFileSync(join(site.folder, 'signers'), 'utf8').replace('owner', 'else'),
    );
    const trust = ['--trust', join(site.folder, 'strangers')];
    expect((await site.deploy([...trust, 'gate2'])).out).toContain('names others already: --replace-trust');
    expect((await site.deploy([...trust, '--replace-trust', 'gate2'])).code).toBe(0);
  },
  60_000,
);

test.each([
  [[], 'the first argument is a package'],
  [['x.deb'], 'no host is named'],
  [['kaimon_1_amd64.deb', '-oProxyCommand=x'], "'-o"],
  [['kaimon_1_amd64.deb', 'a;b'], '"a;b" is no host'],
  [['kaimon_1_amd64.deb', 'a', 'a'], 'a is named twice'],
  [['other.deb', 'a'], 'is not named kaimon_VERSION_ARCH.deb'],
  [['kaimon_1_amd64.deb', 'a'], 'kaimon_1_amd64.deb is not there'],
  [['--parallel', '0', 'x.deb', 'a'], '--parallel is a whole number from 1 to 64'],
  [['--status', '--rollback', 'a'], 'cannot be asked for together'],
  [['--trust', '/nothing', 'a'], 'ENOENT'],
])('%j is refused with exit code 2: %s', (args, message) => {
  const { code, err } = run(join(checkout, 'scripts/deploy/deploy'), args);
  expect(code).toBe(2);
  expect(err).toContain(message);
});
