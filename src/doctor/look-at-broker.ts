import { isOnThisMachine } from '../config/broker/broker-dangers.js';
import { isForeignCredential } from '../config/secret.js';
import { explain } from '../kit/errors.js';
import type { MqttLink } from '../site/link/mqtt-link.js';
import { PACKET_MAX } from '../site/messages.js';
import { answering, filesOfBroker } from './answering.js';
import { takesAnybody } from './broker/anonymous.js';
import { type BrokerConfig, clientOf, connected } from './broker/client.js';
import { isOnline } from './broker/namesake.js';
import { type Checked, type Finding, findings, ok, problem, warning } from './finding.js';

/** A broker across the internet answers within a second. */
const ANSWER_MS = 8_000;

/**
 * Connects to the broker as a client of its own, under another id: the gate's connection is not disturbed, and nothing is published. Then once more without
 * a name, which the gate itself never does.
 * @param running whether the gate of this configuration runs
 */
export async function lookAtBroker(config: BrokerConfig, running: boolean, answerMs = ANSWER_MS): Promise<Checked> {
  const { mqtt } = config;
  if (!mqtt.enabled) return findings(ok('broker', 'none is configured (mqtt.enabled)'));
  await answering(filesOfBroker(mqtt));
  const { passwordFile, caFile, certFile, keyFile } = mqtt;
  const foreign = [passwordFile, caFile, certFile, keyFile].find((file) => isForeignCredential(file, process.env));
  if (foreign !== undefined)
    return findings(
      ok('broker', `not looked at: ${foreign} is a credential of systemd, which only the service can read`),
    );
  let link: MqttLink;
  try {
    link = clientOf(config);
  } catch (thrown) {
    return findings(problem('broker', explain(thrown)));
  }
  try {
    const why = await connected(link, answerMs);
    if (why !== undefined)
      return findings(problem('broker', `${mqtt.url}: ${why}`, 'see the section mqtt of the configuration'));
    const [anybody, online] = await Promise.all([anonymous(config), running || isOnline(link, config)]);
    return findings(
      reached(config, link),
      ...(anybody ?? []),
      ...small(link.packetMax),
      ...(online && !running ? [namesake(config)] : []),
    );
  } finally {
    await link.end();
  }
}

function reached({ mqtt: { url, username } }: BrokerConfig, { version }: MqttLink): Finding {
  const encrypted = url.startsWith('mqtts:');
  const text = `${url}: reachable, ${encrypted ? 'its certificate is in order, ' : ''}${username === null ? 'it asks for no login' : 'login accepted'} (MQTT ${version === 5 ? '5' : '3.1.1'})`;
  const open = !encrypted && username !== null && !isOnThisMachine(url);
  return open
    ? warning('broker', `${text}; the password goes over the network unencrypted`, 'use mqtts:// (docs/mqtt.md)')
    : ok('broker', text);
}

/** An open broker on this machine, which the configuration counts on, is as docs/mqtt.md has it for one machine. */
async function anonymous(config: BrokerConfig): Promise<readonly Finding[]> {
  const { url, username, certFile } = config.mqtt;
  const named = username !== null || certFile !== null;
  if (!named && isOnThisMachine(url)) return [];
  if (named && !(await takesAnybody(config))) return [];
  return [
    warning(
      'broker',
      `${url}: lets in anybody, without a name or password: who reaches it can send requests and read what the gates say`,
      'allow_anonymous false, and a name for each client with an access list (docs/mqtt.md)',
    ),
  ];
}

function small(packetMax: number | undefined): readonly Finding[] {
  if (packetMax === undefined || packetMax >= PACKET_MAX) return [];
  return [
    warning(
      'broker',
      `it takes packets of ${packetMax} bytes at most, so no photo larger than that arrives`,
      `max_packet_size ${PACKET_MAX} in mosquitto.conf`,
    ),
  ];
}

const namesake = ({ site, gate }: BrokerConfig): Finding =>
  warning(
    'broker',
    `a gate called ${gate} is online at the site ${site}, although none runs here: another gate has this name, or the broker has kept an old state`,
    'give one of the two another name (gate in kaimon.yaml); the broker says "offline" by itself once it has missed a gate',
  );
