import { type BrokerConfig, clientOf, connected } from './client.js';

/** One that refuses does so at once. */
const ANSWER_MS = 3_000;

/** Whether the broker lets in somebody who says no name, by trying it. One that does not answer so is taken for one that does not. */
export async function takesAnybody(config: BrokerConfig): Promise<boolean> {
  const nobody = { username: null, passwordFile: null, certFile: null, keyFile: null };
  const link = clientOf({ ...config, mqtt: { ...config.mqtt, ...nobody } });
  try {
    return (await connected(link, ANSWER_MS)) === undefined;
  } finally {
    await link.end();
  }
}
