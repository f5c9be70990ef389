import type { Config } from '../config/config.js';
import type { Clock } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import { MqttLink } from '../site/mqtt-link.js';
import { offlineWill, Site } from '../site/site.js';
import { type HandlerParts, requestHandlers } from './request-handlers.js';

/** The gate's part in its site, not yet started; without a broker there is none. */
export function joinSite(
  config: Config,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  parts: HandlerParts,
): Site | undefined {
  const { enabled, clientId, username, passwordFile, caFile, certFile, keyFile, ...rest } = config.mqtt;
  if (!enabled) return undefined;
  const names = { site: config.site, gate: config.gate };
  const optional = { clientId, username, passwordFile, caFile, certFile, keyFile };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null));
  const link = new MqttLink({ config: { ...rest, ...given }, names, will: offlineWill(names), clock, log });
  return new Site({ link, names, clock, log, people: parts.store, handlers: requestHandlers(parts) });
}
