import type { SiteKeys } from '../keys/open-keys.js';
import type { Clock } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import type { Link } from './link/link.js';
import type { Instance } from './messages.js';
import type { Outbox } from './outbox.js';
import type { GateHandlers, RequestServerParts } from './requests/request-server.js';
import type { SiteReports } from './site-reports.js';
import type { PassageSource } from './sync/passage-records.js';
import type { PeopleCareParts } from './sync/people-care.js';
import type { Names } from './topics.js';

/** The state that the gate publishes; the site adds `broker` and problems of its own. */
export interface SiteState {
  readonly status: 'online' | 'degraded';
  readonly door: { readonly mode: string; readonly state: string };
  readonly camera: string;
  readonly eye: string;
  readonly problems: readonly string[];
}

export interface SiteParts {
  readonly link: Link;
  readonly names: Names;
  /** This machine, and this run of the daemon. */
  readonly instance: Pick<Instance, 'machine' | 'boot'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Events; those from before the site was made wait in it. */
  readonly outbox: Outbox;
  readonly people: PeopleCareParts['people'];
  /** When this gate was last in sync. */
  readonly inSync: PeopleCareParts['inSync'];
  /** Config `sync.tombstoneDays`. */
  readonly tombstoneDays: number;
  /** Where people are, as the site's gates share it; undefined if anti-passback is off. */
  readonly passages?: PassageSource | undefined;
  readonly handlers: GateHandlers;
  readonly reports: SiteReports;
  readonly requests: RequestServerParts['requests'];
  readonly trustedClock: RequestServerParts['trustedClock'];
  /** The keys of the site; undefined where nothing is signed. */
  readonly keys?: SiteKeys | undefined;
  /** See {@link RequestServerParts.written}. */
  readonly written: RequestServerParts['written'];
}
