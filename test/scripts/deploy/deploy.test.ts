import { afterAll, beforeAll, expect, test } from 'vitest';
import { missing, Site } from './harness.js';

if (missing !== undefined) console.log(`deploy: skipped: ${missing}`);
const site = missing === undefined ? new Site(2) : undefined;
beforeAll(() => site?.start());
afterAll(() => site?.end());
const QUICK = ['--steady', '1', '--health-timeout', '30'];

test.skipIf(!site)(
  'a first release comes to a bare host',
  async () => {
    if (!site) return;
    const deb = await site.pack('1.0.0');
    console.log(await site.deploy(['--status', 'gate1']));
    console.log(await site.trust('gate1'));
    console.log(await site.deploy([...QUICK, deb, 'gate1']));
    const [gate] = site.gates;
    console.log(
      gate?.read('var/lib/kaimon-deploy/log'),
      gate?.read('run/fake/log'),
      gate?.read('run/fake/calls'),
      gate?.read('run/log'),
    );
    expect(gate?.at).toBe('1.0.0');
  },
  120_000,
);
