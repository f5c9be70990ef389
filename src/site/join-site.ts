import type { Config } from '../config/config.js';
import { type HandlerParts, requestHandlers } from '../gate/request-handlers.js';
import type { Log } from '../kit/log.js';
import type { WhereaboutsKeeper } from '../passback/whereabouts.js';
import { MqttLink } from './link/mqtt-link.js';
import { offlineWill, Site, type SiteParts } from './site.js';
import type { Topics } from './topics.js';

export interface SiteMembership extends HandlerParts {
  readonly passback: WhereaboutsKeeper | undefined;
  readonly written: SiteParts['written'];
}

/** The gate's part in its site, not yet started; without a broker there is none. */
export function joinSite(config: Config, log: Log, parts: SiteMembership): Site | undefined {
  const { enabled, clientId, username, passwordFile, caFile, certFile, keyFile, ...rest } = config.mqtt;
  if (!enabled) return undefined;
  const names = { site: config.site, gate: config.gate };
  const optional = { clientId, username, passwordFile, caFile, certFile, keyFile };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null));
  const { clock } = parts;
  const link = new MqttLink({ config: { ...rest, ...given }, names, will: offlineWill(names), clock, log });
  const { store: people, passback, written } = parts;
  const passages = passback && ((topics: Topics) => passback.records(topics));
  return new Site({ link, names, clock, log, people, passages, handlers: requestHandlers(parts), written });
}
