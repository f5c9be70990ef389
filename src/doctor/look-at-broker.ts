import { randomBytes } from 'node:crypto';
import type { Config } from '../config/config.js';
import { isForeignCredential } from '../config/secret.js';
import { explain } from '../kit/errors.js';
import { silentLog } from '../kit/log.js';
import { systemClock } from '../kit/system-clock.js';
import { MqttLink } from '../site/link/mqtt-link.js';
import { type Checked, findings, ok, problem, warning } from './finding.js';

/** A broker across the internet answers within a second. */
const ANSWER_MS = 8_000;
const LOOK_MS = 50;

/** Connects to the broker as a client of its own, under another id: the gate's connection is not disturbed, and nothing is published. */
export async function lookAtBroker(
  { site, gate, mqtt }: Pick<Config, 'site' | 'gate' | 'mqtt'>,
  answerMs = ANSWER_MS,
): Promise<Checked> {
  if (!mqtt.enabled) return findings(ok('broker', 'none is configured (mqtt.enabled)'));
  const { enabled, clientId, username, passwordFile, caFile, certFile, keyFile, ...rest } = mqtt;
  const foreign = [passwordFile, caFile, certFile, keyFile].find((file) => isForeignCredential(file, process.env));
  if (foreign !== undefined)
    return findings(
      ok('broker', `not looked at: ${foreign} is a credential of systemd, which only the service can read`),
    );
  const optional = { username, passwordFile, caFile, certFile, keyFile };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null));
  const id = `kaimon-doctor-${randomBytes(4).toString('hex')}`;
  let link: MqttLink;
  try {
    link = new MqttLink({
      config: { ...rest, ...given, clientId: id },
      names: { site, gate },
      clock: systemClock,
      log: silentLog,
    });
  } catch (thrown) {
    return findings(problem('broker', explain(thrown)));
  }
  try {
    link.start();
    const why = await connected(link, answerMs);
    const encrypted = mqtt.url.startsWith('mqtts:');
    if (why !== undefined)
      return findings(problem('broker', `${mqtt.url}: ${why}`, 'see the section mqtt of the configuration'));
    const text = `${mqtt.url}: reachable, ${encrypted ? 'its certificate is in order, ' : ''}${username === null ? 'it asks for no login' : 'login accepted'} (MQTT ${link.version === 5 ? '5' : '3.1.1'})`;
    const open = !encrypted && username !== null && !isLoopback(mqtt.url);
    return findings(
      open
        ? warning('broker', `${text}; the password goes over the network unencrypted`, 'use mqtts:// (docs/mqtt.md)')
        : ok('broker', text),
    );
  } finally {
    await link.end();
  }
}

/** @returns why not, within the time there is */
async function connected(link: MqttLink, answerMs: number): Promise<string | undefined> {
  for (const end = systemClock.monotonic() + answerMs; ; ) {
    if (link.up) return undefined;
    if (link.trouble !== undefined) return link.trouble;
    if (systemClock.monotonic() >= end) return `no answer within ${answerMs / 1000} s`;
    await new Promise<void>((resolve) => void systemClock.after(LOOK_MS, resolve));
  }
}

const isLoopback = (url: string): boolean => /^(localhost|127\.|\[::1\])/.test(new URL(url).host);
