import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { all, type Gate, missing, more, Site, until } from './harness.js';

if (missing !== undefined) console.log(`deploy: skipped: ${missing}`);
const site = new Site(missing === undefined ? 1 : 0);
const [gate] = site.gates as [Gate];
const LONG = ['--steady', '4', '--health-timeout', '60'];

beforeAll(async () => {
  if (missing !== undefined) return;
  await site.start();
  await site.trust('gate1');
  const first = await site.deploy(['--steady', '1', '--health-timeout', '60', await site.pack('1.0.0'), 'gate1']);
  expect(first, first.err).toMatchObject({ code: 0 });
}, 120_000);
afterAll(() => site.end());

const lib = (name: string) => gate.read(`var/lib/kaimon-deploy/${name}`);
const left = () =>
  ['opt/kaimon/incoming', 'opt/kaimon/releases'].map((folder) =>
    existsSync(join(gate.root, folder)) ? readdirSync(join(gate.root, folder)).length : 0,
  );

test.skipIf(missing)(
  'ssh killed in the middle of a copy: what was copied is removed, and it is copied again',
  async () => {
    // Sends the first part, waits until it has arrived, then kills ssh.
    const shim = site.shimSsh(`
case "$*" in *"'receive'"*) ;; *) exec /usr/bin/ssh "$@" ;; esac
[ ! -e $shim/once ] || exec /usr/bin/ssh "$@"
touch $shim/once
mkfifo $shim/pipe
/usr/bin/ssh "$@" <$shim/pipe &
{ head -c 1000000; until [ "$(stat -c %s ${gate.root}/opt/kaimon/incoming/*/package.deb)" -gt 500000 ]; do sleep 0.1; done; echo yes >$shim/partial; kill -9 $!; } >$shim/pipe 2>/dev/null
wait $!
exit 255`);
    const { code, out, err } = await site.deploy([...LONG, await site.pack('2.0.0', { ballast: 3000 }), 'gate1'], shim);
    expect({ code, out }, err).toEqual({ code: 0, out: expect.stringContaining('gate1  well') });
    expect(err).toContain('again');
    expect(gate.at).toBe('2.0.0');
    expect(left()).toEqual([0, 2]);
  },
  120_000,
);

test.skipIf(more)(
  'ssh cut in the middle of the switch: the host goes on alone, and the PC learns the end',
  async () => {
    const shim = site.shimSsh(`
case "$*" in *"'follow'"*) ;; *) exec /usr/bin/ssh "$@" ;; esac
echo x >>$shim/calls
n=$(wc -l <$shim/calls)
[ $n -gt 3 ] && exec /usr/bin/ssh "$@"
[ $n = 1 ] || exit 255
/usr/bin/ssh "$@" & sleep 1; kill -9 $!; wait $!; exit 255`);
    const { code, out, err } = await site.deploy([...LONG, await site.pack('3.0.0'), 'gate1'], shim);
    expect({ code, out }, err).toEqual({ code: 0, out: expect.stringContaining('gate1  well') });
    expect(err).toContain('the host goes on alone; asking again');
    expect(gate.at).toBe('3.0.0');
  },
  120_000,
);

test.skipIf(missing)(
  'ssh killed while the host looks at the release: it is asked again, and not called refused while the gate switches',
  async () => {
    const shim = site.shimSsh(`
case "$*" in
  *"'switch'"*) [ ! -e $shim/once ] || exec /usr/bin/ssh "$@" ;;
  *"'follow'"*) rm -f ${gate.root}/run/hold; exec /usr/bin/ssh "$@" ;;
  *) exec /usr/bin/ssh "$@" ;;
esac
touch $shim/once ${gate.root}/run/hold
/usr/bin/ssh "$@" <&0 & for _ in $(seq 300); do [ -e ${gate.root}/run/held ] && break; sleep 0.1; done; kill -9 $!; wait $!; exit 255`);
    const { code, out, err } = await site.deploy([...LONG, await site.pack('3.1.0'), 'gate1'], shim);
    expect({ code, out }, err).toEqual({ code: 0, out: expect.stringContaining('gate1  well') });
    expect(gate.at).toBe('3.1.0');
  },
  120_000,
);

test.skipIf(more)(
  'the PC killed in the middle of the switch to a blind release: the host rolls back alone',
  async () => {
    const child = site.command([
      '--steady',
      '4',
      '--health-timeout',
      '8',
      await site.pack('4.0.0', { mode: 'blind' }),
      'gate1',
    ]);
    await until('the new release is at work', () => gate.at === '4.0.0');
    child.kill('SIGKILL');
    await until('it is rolled back', () => lib('transaction') === '');
    expect(lib('result')).toMatch(/outcome=rolled-back\nwhy=not well within 8 s: .*the eye is not up/);
    expect(gate.at).toBe('3.1.0');
  },
  120_000,
);

test.skipIf(more)(
  'the process that switches killed: its unit rolls back',
  async () => {
    const done = site.deploy([...LONG, await site.pack('4.0.0'), 'gate1']);
    await until('it is being looked at', () => lib('log').includes('well; looked at') && gate.at === '4.0.0');
    site.on(gate, 'kill -9 $(cat /run/fake/kaimon-deploy.service/main)');
    const { code, out } = await done;
    expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(/rolled-back .*the switch was cut off/) });
    expect(gate.at).toBe('3.1.0');
  },
  120_000,
);

test.skipIf(missing)(
  'unit and process killed together: the next deployment rolls back first, then does its own work',
  async () => {
    writeFileSync(join(gate.root, 'run/no-stop-post'), '');
    const child = site.command([...LONG, await site.pack('4.0.0'), 'gate1']);
    await until('it is being looked at', () => lib('log').includes('well; looked at') && gate.at === '4.0.0');
    child.kill('SIGKILL');
    site.on(
      gate,
      'kill -9 $(cat /run/fake/kaimon-deploy.service/main); until [ ! -e /run/fake/kaimon-deploy.service ]; do sleep 0.1; done; rm /run/no-stop-post',
    );
    expect(gate.at).toBe('4.0.0');
    const { code, err } = await site.deploy([...LONG, await site.pack('5.0.0'), 'gate1']);
    expect(code, err).toBe(0);
    expect(err).toContain('a switch that was cut off has been rolled back first');
    expect(gate.at).toBe('5.0.0');
    expect(lib('previous')).toMatch(/^3\.1\.0-/);
  },
  120_000,
);

const CUTS: readonly [string, () => boolean][] = [
  ['while the new release is looked at', () => lib('log').includes('well; looked at') && gate.at === '6.0.0'],
  ['as soon as the switch is noted', () => lib('transaction').includes('to=6.0.0')],
  ['when `current` has just been replaced', () => gate.at === '6.0.0'],
];
test.skipIf(missing).each(all ? CUTS : CUTS.slice(0, 1))(
  'a power cut %s: the next start of the machine rolls back, twice does no harm',
  async (_when, now) => {
    const [was, at] = [gate.at, gate.read('opt/kaimon/current/.deploy/release')];
    const child = site.command([...LONG, await site.pack('6.0.0'), 'gate1']);
    await until('the moment has come', now);
    await site.cutPower();
    child.kill('SIGKILL');
    expect(lib('transaction')).toContain('to=6.0.0');
    await site.boot();
    const boot = 'bash /var/lib/kaimon-deploy/host.sh recover boot';
    expect(site.on(gate, boot)).toMatchObject({ code: 0 });
    expect(site.on(gate, boot)).toMatchObject({ code: 0 });
    expect(gate.read('opt/kaimon/current/.deploy/release')).toBe(at);
    expect(gate.read('etc/systemd/system/kaimon.service')).toContain(`# of version ${was}`);
    expect(gate.read('run/fake/loaded/kaimon.service')).toContain(`# of version ${was}`);
    expect(lib('result')).toContain('outcome=rolled-back\nwhy=the machine was stopped in the middle of the switch');
    expect(existsSync(join(gate.root, 'var/lib/kaimon-deploy/transaction'))).toBe(false);
    site.on(gate, 'systemctl start kaimon.service; until [ -e /run/kaimon/state.json ]; do sleep 0.1; done');
  },
  120_000,
);

const mayMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;
if (missing === undefined && !mayMount) console.log('deploy: the full disk is skipped: it needs root');
test.skipIf(missing !== undefined || !mayMount)(
  'a full disk: said before the copy, or the copy is removed; the gate goes on',
  async () => {
    // A disk of 60 MB below /opt/kaimon, in the namespace of each connection.
    const was = gate.at;
    const enter = readFileSync(join(site.folder, 'enter'), 'utf8');
    writeFileSync(join(site.folder, 'enter'), enter.replace('--bind "$r/opt" /opt', '--size 62914560 --tmpfs /opt'));
    const { out } = await site.deploy([...LONG, await site.pack('7.0.0', { ballast: 20_000 }), 'gate1']);
    expect(out).toMatch(/gate1 {2}refused {6}the disk is too full: the package needs \d+ kB free/);
    // One that lies about its size.
    const lying = {
      ballast: 2000,
      spoil: (tree: string) =>
        spawnSync('sed', ['-i', 's/^Installed-Size: .*/Installed-Size: 999999/', join(tree, 'DEBIAN/control')]),
    };
    const second = await site.deploy([...LONG, await site.pack('7.0.0', lying), 'gate1']);
    expect(second.out).toContain('the disk is too full: the release needs');
    writeFileSync(join(site.folder, 'enter'), enter);
    expect(gate.at).toBe(was);
    expect(site.on(gate, 'cat /run/kaimon/state.json').out).toContain(`"version":"${was}"`);
  },
  120_000,
);
