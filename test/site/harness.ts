import { randomUUID } from 'node:crypto';
import type { SiteKeys } from '../../src/keys/open-keys.js';
import type { Clock } from '../../src/kit/clock.js';
import { silentLog } from '../../src/kit/log.js';
import { systemClock } from '../../src/kit/system-clock.js';
import { leaveSite, offlineWill } from '../../src/site/leave-site.js';
import type { Link, LinkConfig, Packet } from '../../src/site/link/link.js';
import { MqttLink } from '../../src/site/link/mqtt-link.js';
import { type Instance, responseSchema } from '../../src/site/messages.js';
import { Outbox } from '../../src/site/outbox.js';
import type { RequestContext, RequestHandlers } from '../../src/site/requests/request-server.js';
import { SeenRequests } from '../../src/site/requests/seen-requests.js';
import { Site } from '../../src/site/site.js';
import type { SiteState } from '../../src/site/site-parts.js';
import type { SiteReports } from '../../src/site/site-reports.js';
import { topicsOf } from '../../src/site/topics.js';
import { noSiteReports } from '../support/no-site-reports.js';
import { MemoryPeople } from './sync/memory-people.js';

export const online: SiteState = {
  status: 'online',
  door: { mode: 'normal', state: 'locked' },
  camera: 'replay',
  eye: 'running',
  problems: [],
};

export interface Call {
  readonly verb: string;
  readonly args: unknown;
  readonly context: RequestContext;
}

/** Handlers that note what they were asked for. */
export function noting(calls: Call[], changes: Partial<RequestHandlers> = {}): RequestHandlers {
  const note = (verb: string) => async (args: unknown, context: RequestContext) => {
    calls.push({ verb, args, context });
    return { did: verb };
  };
  return {
    enroll: note('enroll'),
    remove: note('remove'),
    people: note('people'),
    forgive: note('forgive'),
    open: note('open'),
    lock: note('lock'),
    mode: note('mode'),
    ping: note('ping'),
    snapshot: note('snapshot'),
    verify: note('verify'),
    resync: note('resync'),
    journal: note('journal'),
    ...changes,
  };
}

export const configFor = (url: string, changes: Partial<LinkConfig> = {}): LinkConfig => ({
  url,
  protocol: 'auto',
  keepaliveSeconds: 5,
  ...changes,
});

export interface Gate {
  readonly site: Site;
  readonly outbox: Outbox;
  readonly people: MemoryPeople;
  readonly calls: Call[];
  /** As at the end of the daemon: no more requests, the last events, goodbye. */
  stop(): Promise<void>;
}

/** A gate of the site "home" over a link of its own. */
export function gateOver(
  link: Link,
  gate: string,
  handlers: Partial<RequestHandlers> = {},
  written = () => Promise.resolve(),
  clock: Clock = systemClock,
  {
    people = new MemoryPeople(),
    keys,
    instance = { machine: randomUUID(), boot: randomUUID() },
    reports = noSiteReports,
  }: {
    readonly people?: MemoryPeople | undefined;
    readonly keys?: SiteKeys;
    readonly instance?: Pick<Instance, 'machine' | 'boot'>;
    readonly reports?: SiteReports;
  } = {},
): Gate {
  const calls: Call[] = [];
  const names = { site: 'home', gate };
  const noted = noting(calls, handlers);
  const outbox = new Outbox({ gate, boot: randomUUID().slice(0, 8), clock, log: silentLog });
  const requests = {
    seen: new SeenRequests(),
    keep: () => undefined,
    keepSoon: () => undefined,
    kept: () => Promise.resolve(),
  };
  const trustedClock = {
    get trusted() {
      return people.trusted;
    },
    confirmedMs: null,
  };
  const inSync = { at: null, note: () => undefined };
  const base = { link, names, instance, outbox, clock, log: silentLog };
  const site = new Site({
    ...base,
    requests,
    trustedClock,
    people,
    inSync,
    tombstoneDays: 400,
    handlers: noted,
    reports,
    written,
    keys,
  });
  site.state(online);
  site.info({ version: '0.1.0', encoder: 'test@000000000000' });
  site.start();
  const stop = async () => {
    site.stop();
    await leaveSite(base);
  };
  return { site, outbox, people, calls, stop };
}

export function mqttLink(config: LinkConfig, gate: string, clock: Clock = systemClock): MqttLink {
  const names = { site: 'home', gate };
  return new MqttLink({
    config,
    names,
    will: offlineWill(names),
    clock,
    log: silentLog,
    random: () => 1,
  });
}

/** A client that follows the site and sends requests to its gates. */
export class Watcher {
  readonly link: Link;
  readonly received: Packet[] = [];

  constructor(link: Link) {
    this.link = link;
    link.onMessage((packet) => this.received.push(packet));
  }

  /** Subscribes now and after each reconnect. */
  async watch(filters: readonly string[]): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.link.onUp(() => void this.link.subscribe(filters).then(resolve, reject));
      this.link.start();
    });
    return this;
  }

  /** JSON of all payloads received on a topic. */
  on(topic: string): unknown[] {
    return this.received.filter((packet) => packet.topic === topic).map(jsonOf);
  }

  /** The answer to a request, undefined while there is none. */
  answer(id: string, gate = 'north') {
    const packet = this.received.find(({ topic }) => topic === topicsOf({ site: 'home', gate }).response(id));
    return packet && responseSchema.parse(jsonOf(packet));
  }
}

const jsonOf = ({ payload }: Packet): unknown => JSON.parse(Buffer.from(payload).toString('utf8'));

export const request = (args: object = {}, changes: object = {}) => ({
  v: 1,
  id: randomUUID(),
  time: new Date().toISOString(),
  expires: new Date(Date.now() + 60_000).toISOString(),
  by: 'test',
  args,
  ...changes,
});
