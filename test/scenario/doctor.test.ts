import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { discard, kaimon, notReady, scratch } from './harness.js';

test.skipIf(notReady)(
  `kaimon doctor names dangerous settings and what is wrong, and changes nothing${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const folder = scratch();
    const [config, state, key] = [join(folder, 'kaimon.yaml'), join(folder, 'state'), join(folder, 'key')];
    mkdirSync(state);
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    chmodSync(key, 0o644);
    writeFileSync(
      config,
      stringify({
        gate: 'north',
        liveness: { enabled: false },
        access: { clock: 'unchecked' },
        journal: { keyFile: key },
        eye: { sandbox: 'none' },
      }),
    );
    const doctor = async () => {
      const { code, stdout } = await kaimon('doctor', '--config', config, '--state', state, '--json');
      return { code, ...(JSON.parse(stdout) as { findings: { what: string; result: string; text: string }[] }) };
    };
    try {
      const well = await doctor();
      expect(well.code).toBe(0);
      expect(well.findings.at(-1)).toMatchObject({ what: 'eye', text: expect.stringMatching(/eye\.sandbox is none$/) });
      const warnings = well.findings.filter(({ result }) => result === 'warning').map(({ text }) => text.split(':')[0]);
      expect(warnings).toEqual(['liveness-off', 'clock-unchecked', 'door-simulated', 'secret-open', 'eye-unconfined']);
      writeFileSync(join(state, 'people.json'), 'rubbish');
      const ill = await doctor();
      expect(ill.code).toBe(1);
      expect(ill.findings).toContainEqual(expect.objectContaining({ what: 'people', result: 'problem' }));
      writeFileSync(key, 'no key');
      const keyless = (await doctor()).findings.filter(
        ({ what, result }) => what === 'settings' && result === 'problem',
      );
      expect(keyless.map(({ text }) => text.split(':')[0])).toEqual(['journal.keyFile']);
    } finally {
      discard(folder);
    }
  },
  60_000,
);
