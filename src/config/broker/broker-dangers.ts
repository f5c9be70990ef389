// pure
import type { Config } from '../config.js';
import { isLoopback } from '../sections/metrics.js';

type Mqtt = Pick<Config['mqtt'], 'enabled' | 'url' | 'username' | 'passwordFile' | 'certFile'>;

/** Whether a broker's address is one of this machine: what goes there passes no network. */
export const isOnThisMachine = (url: string): boolean => isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''));

/** What is dangerous about the way to the broker, each as a sentence. What the broker itself allows is not known from here: see doctor. */
export function brokerDangers({ enabled, url, username, passwordFile, certFile }: Mqtt): readonly string[] {
  // An address that is none is refused elsewhere, with what is wrong.
  if (!enabled || !URL.canParse(url) || isOnThisMachine(url)) return [];
  const { host } = new URL(url);
  const plain = url.startsWith('mqtt:');
  return [
    ...(plain && passwordFile !== null
      ? [
          `broker-password-plain: this gate's password goes to ${host} as it is, and so do photos and requests: whoever listens on the way has them and can open the door (mqtt.url: mqtts://, docs/mqtt.md#tls)`,
        ]
      : []),
    ...(plain && passwordFile === null
      ? [
          `broker-plain: photos and requests go to ${host} as they are: whoever is on the way reads and changes them (mqtt.url: mqtts://, docs/mqtt.md#tls)`,
        ]
      : []),
    ...(username === null && certFile === null
      ? [
          `broker-anonymous: the broker at ${host} lets this gate in without a name, and so everybody who reaches it: they can ask it to open (mqtt.username and mqtt.passwordFile, or mqtt.certFile; allow_anonymous false at the broker)`,
        ]
      : []),
  ];
}
