import { afterEach, describe, expect, test } from 'vitest';
import { type Log, silentLog } from '../../../src/kit/log.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import { connectTrouble } from '../../../src/site/link/connect-trouble.js';
import type { Link, LinkConfig } from '../../../src/site/link/link.js';
import { MqttLink } from '../../../src/site/link/mqtt-link.js';
import { configFor } from '../harness.js';
import { type Mosquitto, startMosquitto } from '../mosquitto.js';

const failed = { why: 'closed', code: undefined, encrypted: false, firstByte: undefined, named: true } as const;

test.each([
  ['a wrong password, MQTT 5', { ...failed, code: 134 }, 'check mqtt.username and mqtt.passwordFile'],
  ['a wrong password, MQTT 3.1.1', { ...failed, code: 4 }, 'check mqtt.username and mqtt.passwordFile'],
  ['no password', { ...failed, code: 135, named: false }, 'set mqtt.username and mqtt.passwordFile'],
  ['a client id that is not taken, MQTT 5', { ...failed, code: 133 }, 'mqtt.clientId'],
  ['a client id that is not taken, MQTT 3.1.1', { ...failed, code: 2 }, 'mqtt.clientId'],
  ['a broker that is not available', { ...failed, code: 136 }, 'not available'],
  ['a broker without retained messages', { ...failed, code: 154 }, 'retain_available true'],
  ['a quota', { ...failed, code: 151 }, "raise the broker's quota"],
  ['a broker that never greets', { ...failed, why: 'connack timeout' }, 'hangs or is overloaded'],
  ['an alert of TLS', { ...failed, firstByte: 0x15 }, 'mqtts://'],
  ['closed without an answer', failed, 'if its port wants TLS'],
  ['no TLS there', { ...failed, encrypted: true, code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, 'mqtt://'],
  ['closed in the handshake', { ...failed, encrypted: true, code: 'ECONNRESET' }, 'mqtt://'],
  ['an unknown signer', { ...failed, encrypted: true, code: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'mqtt.caFile'],
  ['another name', { ...failed, encrypted: true, code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'mqtt.url'],
  [
    'a certificate wanted',
    { ...failed, encrypted: true, code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' },
    'mqtt.certFile',
  ],
])('%s names what to change', (_what, trouble, says) => {
  expect(connectTrouble(trouble)).toContain(says);
});

test.each([
  ['nobody listens', { ...failed, code: 'ECONNREFUSED', why: 'connect ECONNREFUSED' }],
  ['a code of which nothing more is known', { ...failed, code: 200, why: 'Connection refused: 200' }],
])('%s is said as it is', (_what, trouble) => {
  expect(connectTrouble(trouble)).toBe(trouble.why);
});

describe('with a real broker', () => {
  let broker: Mosquitto | undefined;
  let link: Link | undefined;
  afterEach(async () => {
    await link?.end();
    await broker?.stop();
  });

  /** What the log says of the first try. */
  const said = (changes: Partial<LinkConfig>, scheme = 'mqtt'): Promise<string> =>
    new Promise((resolve) => {
      const log: Log = Object.assign(Object.create(silentLog), {
        warn: (fields: { readonly why?: string }) => resolve(String(fields.why)),
      });
      const config = configFor(`${scheme}://127.0.0.1:${broker?.port}`, changes);
      link = new MqttLink({ config, names: { site: 'home', gate: 'north' }, clock: systemClock, log });
      link.start();
    });

  test('a wrong password names the keys to look at', async () => {
    broker = await startMosquitto(['allow_anonymous false']);
    expect(await said({ username: 'gate' })).toContain('check mqtt.username and mqtt.passwordFile');
    await link?.end();
    expect(await said({})).toContain('set mqtt.username and mqtt.passwordFile');
  });

  test('TLS on a port without it says so', async () => {
    broker = await startMosquitto();
    expect(await said({}, 'mqtts')).toContain('seems to be one without TLS: set mqtt.url to mqtt://');
  });
});
