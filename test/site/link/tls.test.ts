import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Log, silentLog } from '../../../src/kit/log.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import type { Link, LinkConfig } from '../../../src/site/link/link.js';
import { MqttLink } from '../../../src/site/link/mqtt-link.js';
import { brokerUrl, mqttOptions } from '../../../src/site/link/mqtt-options.js';
import { nextPacket, nextUp } from '../../contract/link.contract.js';
import { configFor, mqttLink } from '../harness.js';
import { type Mosquitto, startMosquitto } from '../mosquitto.js';

const openssl = spawnSync('openssl', ['version']).status === 0;
if (!openssl) console.warn('openssl is missing: the tests of MQTT over TLS are skipped');

let folder: string;
let mosquitto: Mosquitto;
const links: Link[] = [];
const file = (name: string) => join(folder, name);

/** A key and a certificate signed by `ca`, or by itself. */
function certificate(name: string, subject: string, ca?: string): void {
  const run = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder });
    if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr.toString()}`);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`];
  if (ca === undefined) {
    run('req', '-x509', ...key, '-out', `${name}.crt`, '-subj', `/CN=${subject}`, '-days', '2');
    return;
  }
  writeFileSync(file(`${name}.ext`), `subjectAltName=DNS:${subject}\n`);
  run('req', ...key, '-out', `${name}.csr`, '-subj', `/CN=${subject}`);
  run(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${ca}.crt`,
    '-CAkey',
    `${ca}.key`,
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.crt`,
  );
}

const link = (changes: Partial<LinkConfig>): Link => {
  const made = mqttLink(
    configFor(`mqtts://localhost:${mosquitto.port}`, { caFile: file('ca.crt'), ...changes }),
    'north',
  );
  links.push(made);
  return made;
};
/** "up", or the reason why the first try failed, as the log has it. */
function outcome(changes: Partial<LinkConfig>): Promise<string> {
  return new Promise((resolve) => {
    const log: Log = Object.assign(Object.create(silentLog), {
      warn: (fields: { readonly why?: string }) => resolve(String(fields.why)),
    });
    const one = new MqttLink({
      config: configFor(`mqtts://localhost:${mosquitto.port}`, { caFile: file('ca.crt'), ...changes }),
      names: { site: 'home', gate: 'north' },
      clock: systemClock,
      log,
    });
    links.push(one);
    one.onUp(() => resolve('up'));
    one.start();
  });
}

describe.skipIf(!openssl)('MQTT over TLS with client certificates', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kaimon-tls-'));
    certificate('ca', 'Kaimon test');
    certificate('other-ca', 'Somebody else');
    certificate('broker', 'localhost', 'ca');
    certificate('elsewhere', 'elsewhere.example', 'ca');
    certificate('north', 'north', 'ca');
    certificate('stranger', 'north', 'other-ca');
    chmodSync(folder, 0o755);
    mosquitto = await startMosquitto([
      `cafile ${file('ca.crt')}`,
      `certfile ${file('broker.crt')}`,
      `keyfile ${file('broker.key')}`,
      'require_certificate true',
      'use_identity_as_username true',
    ]);
  });
  afterEach(async () => {
    for (const one of links.splice(0)) await one.end();
  });
  afterAll(async () => {
    await mosquitto.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a gate with a certificate of the site can connect and publish', async () => {
    const one = link({ certFile: file('north.crt'), keyFile: file('north.key') });
    const up = nextUp(one);
    one.start();
    await up;
    await one.subscribe(['t']);
    const received = nextPacket(one);
    await one.publish('t', 'x', { retain: false, qos: 1 });
    expect((await received).topic).toBe('t');
  });

  test('without TLS on the port for TLS the log says which address to give', async () => {
    const plain = { url: `mqtt://localhost:${mosquitto.port}`, caFile: undefined };
    expect(await outcome(plain)).toContain('set mqtt.url to mqtts://');
  });

  test('the key of the configuration is named where the broker is signed by somebody else', async () => {
    const mine = { certFile: file('north.crt'), keyFile: file('north.key') };
    expect(await outcome({ ...mine, caFile: file('other-ca.crt') })).toContain('mqtt.caFile');
  });

  test('a gate without a certificate, or with a foreign one, cannot connect', async () => {
    expect(await outcome({})).not.toBe('up');
    expect(await outcome({ certFile: file('stranger.crt'), keyFile: file('stranger.key') })).not.toBe('up');
  });

  test('a gate does not trust a broker whose certificate is from another authority', async () => {
    const mine = { certFile: file('north.crt'), keyFile: file('north.key') };
    expect(await outcome({ ...mine, caFile: file('other-ca.crt') })).toMatch(/certificate|issuer|self.signed/i);
    expect(await outcome({ ...mine, url: `mqtts://127.0.0.1:${mosquitto.port}` })).toMatch(/127\.0\.0\.1|altname/i);
  });
});

describe('the config of the link', () => {
  test.each(['http://host', 'host:1883', '', 'mqtt://', 'mqtt://user:secret@host'])(
    '"%s" is not the address of a broker',
    (url) => {
      expect(() => brokerUrl(url)).toThrow(expect.objectContaining({ code: 'KAIMON_MQTT_CONFIG' }) as Error);
    },
  );

  test('a password in the address is not printed', () => {
    expect(() => brokerUrl('mqtt://user:secret@host')).toThrow(/passwordFile/);
    expect(() => brokerUrl('mqtt://user:secret@host')).not.toThrow(/secret/);
  });

  test('a file that is missing costs the broker and not the start, and is named', async () => {
    const link = mqttLink(configFor('mqtts://localhost', { caFile: '/nowhere/ca.crt' }), 'north');
    link.start();
    expect(link.trouble).toMatch(/\/nowhere\/ca\.crt \(mqtt\.caFile\)/);
    await link.end();
  });

  test("a bare name is one of systemd's credentials, and the line break after a password does not belong to it", () => {
    const credentials = mkdtempSync(join(tmpdir(), 'kaimon-credentials-'));
    writeFileSync(join(credentials, 'mqtt-password'), 'open sesame\n');
    const config = configFor('mqtt://localhost', { username: 'gate', passwordFile: 'mqtt-password' });
    const options = mqttOptions(config, { site: 'home', gate: 'north' }, 5, undefined, {
      CREDENTIALS_DIRECTORY: credentials,
    });
    expect(options.password).toBe('open sesame');
    rmSync(credentials, { recursive: true });
  });

  test('a certificate without its key is refused', () => {
    expect(() => mqttLink(configFor('mqtts://localhost', { certFile: '/nowhere/a' }), 'north')).toThrow(/together/);
  });
});
