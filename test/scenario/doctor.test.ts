import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { discard, kaimon, notReady, SAMPLES, scratch } from './harness.js';

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
      const { code, stdout } = await kaimon('doctor', '--config', config, '--state', state, '--json', '--camera', '0');
      return {
        code,
        ...(JSON.parse(stdout) as {
          findings: { what: string; result: string; text: string }[];
          numbers: Record<string, number>;
        }),
      };
    };
    try {
      const well = await doctor();
      expect(well.code).toBe(0);
      const named = well.findings.map(({ text }) => text.split(':')[0]);
      const dangers = ['liveness-off', 'clock-unchecked', 'door-simulated', 'secret-open', 'eye-unconfined'];
      expect(named.filter((name) => dangers.includes(name as string))).toEqual(dangers);
      expect(well.findings).toContainEqual(
        expect.objectContaining({ what: 'packages', text: expect.stringMatching(/OpenCV 4.*ONNX Runtime 1/) }),
      );
      expect(well.numbers['people']).toBe(0);
      expect(readdirSync(state)).toEqual([]);
      writeFileSync(join(state, 'people.json'), 'rubbish');
      const ill = await doctor();
      expect(ill.code).toBe(1);
      expect(ill.findings).toContainEqual(expect.objectContaining({ what: 'people', result: 'problem' }));
      writeFileSync(key, 'no key');
      const keyless = (await doctor()).findings.filter(({ what, result }) => what === 'keys' && result === 'problem');
      expect(keyless.map(({ text }) => text.split(':')[0])).toEqual(['journal.keyFile']);
    } finally {
      discard(folder);
    }
  },
  60_000,
);

test.skipIf(notReady)(
  `kaimon doctor watches the camera with an eye of its own, and says what it sees${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const folder = scratch();
    const [config, state] = [join(folder, 'kaimon.yaml'), join(folder, 'state')];
    writeFileSync(config, stringify({ camera: { kind: 'replay', path: SAMPLES, fps: 5 } }));
    try {
      const { stdout } = await kaimon('doctor', '--config', config, '--state', state, '--camera', '4');
      expect(stdout).toMatch(/^\w+ +camera +1920 × \d+, \d+\.\d frames a second measured/m);
      expect(stdout).toMatch(/^\w+ +faces +\d+ seen: \d+ px between the eyes/m);
    } finally {
      discard(folder);
    }
  },
  60_000,
);

test.skipIf(notReady)(
  `kaimon doctor ends although a file of the state folder never answers${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const folder = scratch();
    // Whoever opens a pipe into which nobody writes waits for ever, as for a disk that hangs.
    execFileSync('mkfifo', [join(folder, 'people.json.lock')]);
    try {
      const { code, stdout } = await kaimon('doctor', '--state', folder, '--json');
      expect(code).toBe(1);
      const { findings } = JSON.parse(stdout) as { findings: { what: string; result: string; text: string }[] };
      expect(findings).toContainEqual(
        expect.objectContaining({ what: 'gate', result: 'problem', text: 'no answer within 3 s' }),
      );
      expect(findings).toContainEqual(expect.objectContaining({ what: 'disk', result: 'ok' }));
      // Where nobody knows whether a gate has the camera, it is left alone.
      expect(findings).toContainEqual(expect.objectContaining({ what: 'camera', result: 'ok' }));
    } finally {
      discard(folder);
    }
  },
  60_000,
);

test.skipIf(notReady)(
  `kaimon doctor says what is wrong with a configuration as every command does${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'kaimon.yaml'), 'colour: red');
    try {
      const { code, stdout } = await kaimon('doctor', '--config', join(folder, 'kaimon.yaml'), '--json');
      expect([code, JSON.parse(stdout)]).toEqual([2, { error: expect.objectContaining({ code: 'KAIMON_CONFIG' }) }]);
    } finally {
      discard(folder);
    }
  },
  60_000,
);
