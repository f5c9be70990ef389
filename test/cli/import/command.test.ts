import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { newSigningKey } from '../../../src/keys/signing-key.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import { RequestError } from '../../../src/site/messages.js';
import type { RequestHandlers } from '../../../src/site/requests/request-server.js';
import { listOf, siteKeysOf, trusted } from '../../keys/sample.js';
import { configFor, type Gate, gateOver, mqttLink } from '../../site/harness.js';
import { freePort, startMosquitto } from '../../site/mosquitto.js';
import { tempFolder } from '../../store/sample.js';

const PROGRAM = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);

/** `kaimon people import` of three people's photos, at a broker of this port. */
async function stage(port: number) {
  const folder = await tempFolder();
  const photos = join(folder, 'photos');
  mkdirSync(photos);
  for (const name of ['Ada_L', 'Bob', 'Cleo']) writeFileSync(join(photos, `${name}.jpg`), JPEG);
  const config = join(folder, 'kaimon.yaml');
  writeFileSync(config, `site: home\ngate: south\nmqtt:\n  url: mqtt://127.0.0.1:${port}\n`);
  const run = (...more: string[]) =>
    new Promise<{ code: number | null; json: { enrolled?: number; [key: string]: unknown }; said: string }>(
      (resolve) => {
        const args = [PROGRAM, 'people', 'import', photos, '--gate', 'north', '--json', '--config', config, ...more];
        const child = spawn(process.execPath, [...args, '--state', join(folder, 'state')]);
        let [out, said] = ['', ''];
        child.stdout.on('data', (data: Buffer) => {
          out += data.toString();
        });
        child.stderr.on('data', (data: Buffer) => {
          said += data.toString();
        });
        child.on('close', (code) => resolve({ code, json: JSON.parse(out.split('\n')[0] || '{}'), said }));
      },
    );
  return { folder, run };
}

const enrolAllBut =
  (name: string): RequestHandlers['enroll'] =>
  async (args) => {
    if (args.name === name) throw new RequestError('no-face', 'no face was found in it');
    return {};
  };

test('an import by the command line: what is refused makes exit code 1, the same command goes on, and the gate need not be the own one', async () => {
  const mosquitto = await startMosquitto();
  const { run } = await stage(mosquitto.port);
  const enrolled: string[] = [];
  let gate: Gate | undefined;
  const serve = (refused: string) => {
    const enroll = enrolAllBut(refused);
    gate = gateOver(mqttLink(configFor(mosquitto.url), 'north'), 'north', {
      enroll: (args, context) => enroll(args, context).then(() => void enrolled.push(args.name)),
    });
  };
  try {
    serve('Bob');
    const first = await run();
    expect([first.code, first.json]).toMatchObject([1, { enrolled: 2, refused: 1, reasons: { 'no-face': 1 } }]);
    await gate?.stop();
    serve('nobody');
    expect(await run()).toMatchObject({ code: 0, json: { enrolled: 1, before: 2, refused: 0, unanswered: 0 } });
    expect(enrolled.sort()).toEqual(['Ada L', 'Bob', 'Cleo']);
  } finally {
    await gate?.stop();
    await mosquitto.stop();
  }
}, 60_000);

test('where the site has keys, an import is signed with one that may enrol', async () => {
  const mosquitto = await startMosquitto();
  const { run, folder } = await stage(mosquitto.port);
  const office = newSigningKey();
  const [file, strange] = [join(folder, 'office.key'), join(folder, 'strange.key')];
  writeFileSync(file, office.pem);
  writeFileSync(strange, newSigningKey().pem);
  const keys = siteKeysOf(listOf([trusted('office', office.key, ['enrol'])]), undefined);
  const link = mqttLink(configFor(mosquitto.url), 'north');
  const gate = gateOver(link, 'north', { enroll: async () => ({}) }, () => Promise.resolve(), systemClock, { keys });
  try {
    for (const more of [[], ['--key', strange]]) {
      const { code, said, json } = await run(...more);
      expect([code, `${said}${JSON.stringify(json)}`]).toEqual([4, expect.stringContaining('KAIMON_KEYS')]);
    }
    expect(await run('--key', file)).toMatchObject({ code: 0, json: { enrolled: 3 } });
  } finally {
    await gate.stop();
    await mosquitto.stop();
  }
}, 60_000);

test('a broker that is not there ends with exit code 4 and its name', async () => {
  const { run } = await stage(await freePort());
  const { code, said, json } = await run();
  expect(code).toBe(4);
  expect(`${said}${JSON.stringify(json)}`).toContain('KAIMON_GATE_SILENT');
}, 60_000);
