import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { missing, Site } from './harness.js';

if (missing !== undefined) console.log(`deploy: skipped: ${missing}`);
/** KAIMON_DEPLOY_GATES=50 for as many as docs/deploy.md speaks of: minutes. */
const GATES = Number(process.env['KAIMON_DEPLOY_GATES'] ?? 8);
const site = new Site(missing === undefined ? GATES : 0);
const names = site.gates.map(({ name }) => name);
const QUICK = ['--steady', '1', '--health-timeout', '120'];

beforeAll(async () => {
  if (missing !== undefined) return;
  await site.start();
}, 120_000);
afterAll(() => site.end());

interface Answer {
  readonly ok: boolean;
  readonly seconds: number;
  readonly hosts: readonly { readonly host: string; readonly result: string; readonly why: string }[];
}
const resultsOf = (text: string) => (JSON.parse(text) as Answer).hosts.map(({ result }) => result);

test.skipIf(missing)(
  'the first host is not well: no other is touched',
  async () => {
    await site.trust('gate1', 'gate2', 'gate3');
    const deb = await site.pack('0.9.0', { mode: 'crash' });
    const { code, out } = await site.deploy([
      '--json',
      '--steady',
      '1',
      '--health-timeout',
      '10',
      deb,
      'gate1',
      'gate2',
      'gate3',
    ]);
    expect(code).toBe(1);
    expect(resultsOf(out)).toEqual(['rolled-back', 'skipped', 'skipped']);
    for (const gate of site.gates.slice(1, 3)) {
      expect(existsSync(join(gate.root, 'opt/kaimon'))).toBe(false);
      expect(existsSync(join(gate.root, 'run/starts'))).toBe(false);
    }
  },
  120_000,
);

test.skipIf(missing)(
  'a dry run says what would be done and changes nothing',
  async () => {
    const { code, out } = await site.deploy(['--dry-run', await site.pack('1.0.0'), 'gate2', 'gate3', 'gate5']);
    expect(code).toBe(1);
    expect(out).toMatch(/gate2 {2}well {9}would go from nothing to 1\.0\.0-\w{12}: 1 MB to copy, 0 gates/);
    expect(out).toContain('gate5  refused      this host trusts no signer yet');
    expect(existsSync(join(site.gates[1]?.root ?? '', 'opt/kaimon'))).toBe(false);
  },
  60_000,
);

test.skipIf(missing)(
  'many hosts: the first alone, then side by side; one that is gone and one that is broken harm no other',
  async () => {
    const trust = await site.trust(...names);
    expect(trust.code, trust.err).toBe(0);
    const [gone, broken] = [site.gates[GATES - 4], site.gates[GATES - 2]];
    writeFileSync(join(gone?.root ?? '', 'gone'), '');
    // A checkout in the way.
    writeFileSync(join(broken?.root ?? '', 'etc/systemd/system/kaimon.service'), '[Service]\n');
    const { code, out, err } = await site.deploy([
      '--json',
      ...QUICK,
      '--parallel',
      '8',
      await site.pack('1.0.0'),
      ...names,
    ]);
    const { hosts, seconds } = JSON.parse(out) as Answer;
    const others = hosts.filter(({ host }) => host !== gone?.name && host !== broken?.name);
    expect(others.filter(({ result }) => result !== 'well')).toEqual([]);
    expect(hosts.filter(({ host }) => host === gone?.name)).toMatchObject([{ result: 'unreachable' }]);
    expect(hosts.filter(({ host }) => host === broken?.name)).toMatchObject([{ result: 'refused' }]);
    expect(code).toBe(1);
    console.log(`deploy: ${GATES} gates in ${seconds} s`);
    // The others began after the first was well. Its last line may be missing: the result is there before it.
    const lines = err.split('\n');
    const canary = lines.findLastIndex((line) => line.includes('gate1: '));
    expect(canary).toBeGreaterThan(0);
    expect(lines.findIndex((line) => /gate(?!1:)\d+: /.test(line))).toBeGreaterThan(canary);
  },
  600_000,
);

test.skipIf(missing)(
  'what a gate in wrong hands says is text: bounded, and without orders to the terminal',
  async () => {
    const gate = site.gates[1];
    writeFileSync(
      join(gate?.root ?? '', 'run/status'),
      `\u001b]0;title\u0007\u001b[2Jdegraded\u202e${'x'.repeat(5000)}\n`,
    );
    const { code, out } = await site.deploy(['--status', 'gate2']);
    expect(code).toBe(0);
    expect(out).toMatch(/^gate2 {2}at-work.*\n.*degraded/);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(out.length).toBeLessThan(1000);
    const shim = site.shimSsh('yes "deploy: progress=x" | head -c 100000000; exit 0');
    const flood = await site.deploy(['--status', 'gate2'], shim);
    expect(flood).toMatchObject({ code: 4, out: expect.stringContaining('unreachable') });
  },
  60_000,
);

test.skipIf(missing)('an answer with keys of its own costs nobody the report', async () => {
  const keys = ['unreachable', 'host', 'result', '__proto__', 'constructor', 'gates', 'ok'];
  const lies = site.shimSsh(
    `case "$*" in *gate2*) printf 'deploy: architecture=amd64\\n'; for k in ${keys.join(' ')}; do echo "deploy: $k=x"; done; exit 0 ;; esac`,
  );
  const both = await site.deploy(['--status', 'gate1', 'gate2'], lies);
  expect(both.err).not.toContain('at ');
  expect(both.out).toMatch(/^gate1 {2}\S+-work.*\n(.*\n)*gate2 {2}not-at-work *\n$/);
});
