import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Config } from '../../config/config.js';
import { signedRequest } from '../../keys/sign-request.js';
import type { SigningKey } from '../../keys/signing-key.js';
import type { Clock, Timer } from '../../kit/clock.js';
import { OperatingError } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { endsWithin } from '../../kit/within.js';
import type { Link, Packet } from '../../site/link/link.js';
import { MqttLink } from '../../site/link/mqtt-link.js';
import { type Response, responseSchema } from '../../site/messages.js';
import type { Verb } from '../../site/requests/verbs.js';
import { type Names, type Topics, topicsOf } from '../../site/topics.js';

/** How long broker and gate have to show themselves. */
const FIRST_MS = 15_000;
/** A request's life, and how long after it its answer is waited for. */
const LIFE_MS = 120_000;
const GRACE_MS = 10_000;
/** After an interruption: what was on its way and has no answer so long after the broker is back is lost. */
const LOST_MS = 20_000;

const limitsSchema = z.looseObject({
  limits: z.looseObject({
    slowQueue: z.int().min(1).optional(),
    slowQueueBytes: z.int().min(1).optional(),
    enrollBytes: z
      .int()
      .min(1)
      .default(8 * 1024 * 1024),
  }),
});
export type GateLimits = z.infer<typeof limitsSchema>['limits'];

/** Who asks: a name, and a key where the site has keys. */
export interface Asker {
  readonly by: string;
  readonly key: SigningKey | undefined;
}

/** A client of one running gate: sends requests over the broker and waits for their answers. */
export class GateClient {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #names: Names;
  readonly #topics: Topics;
  readonly #asker: Asker;
  readonly #waiting = new Map<string, (answer: Response | undefined) => void>();
  /** When each of those that were on their way as the broker was lost is given up. */
  readonly #doubtful = new Map<string, Timer>();
  #info: ((limits: GateLimits) => void) | undefined;

  private constructor(link: Link, clock: Clock, names: Names, asker: Asker) {
    this.#link = link;
    this.#clock = clock;
    this.#names = names;
    this.#topics = topicsOf(names);
    this.#asker = asker;
    link.onMessage((packet) => this.#receive(packet));
  }

  /** @returns the client, and what the gate says of its limits @throws OperatingError KAIMON_GATE_SILENT, KAIMON_MQTT_CONFIG */
  static async connect(
    { mqtt, site }: Pick<Config, 'mqtt' | 'site'>,
    gate: string,
    asker: Asker,
    clock: Clock,
    log: Log,
  ): Promise<{ readonly client: GateClient; readonly limits: GateLimits }> {
    const { enabled: _enabled, snapshots: _snapshots, clientId: _own, ...settings } = mqtt;
    const known = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
    // Not the gate's own client id: the broker would throw the gate out.
    const clientId = `kaimon-${site}-cli-${randomBytes(4).toString('hex')}`;
    const { url, protocol, keepaliveSeconds } = mqtt;
    const config = { ...known, url, protocol, keepaliveSeconds, clientId };
    const link = new MqttLink({ config, names: { site, gate }, clock, log });
    return GateClient.over(link, { gate, url: mqtt.url, site }, asker, clock);
  }

  /** As {@link GateClient.connect}, over a link that is not started yet. */
  static async over(
    link: Link,
    { site, gate, url }: Names & { readonly url: string },
    asker: Asker,
    clock: Clock,
  ): Promise<{ readonly client: GateClient; readonly limits: GateLimits }> {
    const client = new GateClient(link, clock, { site, gate }, asker);
    const limits = new Promise<GateLimits>((resolve) => {
      client.#info = resolve;
    });
    client.#start();
    if (await endsWithin(clock, FIRST_MS, limits)) return { client, limits: await limits };
    const why = link.up
      ? `the gate "${gate}" of the site "${site}" does not show itself at the broker: is it running?`
      : `the broker ${url} cannot be reached: ${link.trouble ?? 'it does not answer'}`;
    await client.end();
    throw new OperatingError('KAIMON_GATE_SILENT', why);
  }

  /** @returns undefined where no answer came in time @throws OperatingError of the link */
  async ask(verb: Verb, args: object): Promise<Response | undefined> {
    const id = randomUUID();
    const now = this.#clock.wall();
    const [time, expires] = [now, now + LIFE_MS].map((ms) => new Date(ms).toISOString());
    const answered = new Promise<Response | undefined>((resolve) => this.#waiting.set(id, resolve));
    try {
      const body = signedRequest(
        this.#asker.key,
        { ...this.#names, verb },
        { v: 1, id, time, expires, by: this.#asker.by, args },
      );
      await this.#link.publish(this.#topics.request(verb), JSON.stringify(body), { retain: false, qos: 1 });
      return (await endsWithin(this.#clock, LIFE_MS + GRACE_MS, answered)) ? await answered : undefined;
    } finally {
      this.#waiting.delete(id);
      this.#believe(id);
    }
  }

  end(): Promise<void> {
    return this.#link.end().finally(() => {
      for (const id of this.#doubtful.keys()) this.#believe(id);
    });
  }

  #start(): void {
    const filters = [this.#topics.info, this.#topics.response('+')];
    // What cannot be subscribed shows as a gate that does not answer.
    this.#link.onUp(() => {
      void this.#link.subscribe(filters).catch(() => undefined);
      for (const id of this.#waiting.keys()) this.#doubt(id);
    });
    this.#link.start();
  }

  /** A broker that was away may have taken request or answer along: nobody waits for it until its life ends, whatever else is answered. */
  #doubt(id: string): void {
    this.#believe(id);
    const timer = this.#clock.after(LOST_MS, () => this.#waiting.get(id)?.(undefined));
    this.#doubtful.set(id, timer);
  }

  #believe(id: string): void {
    this.#doubtful.get(id)?.cancel();
    this.#doubtful.delete(id);
  }

  #receive({ topic, payload }: Packet): void {
    const text = Buffer.from(payload).toString('utf8');
    if (topic === this.#topics.info) {
      const info = limitsSchema.safeParse(jsonOf(text));
      if (info.success) this.#info?.(info.data.limits);
      return;
    }
    const answer = responseSchema.safeParse(jsonOf(text));
    if (!answer.success || answer.data.id === null) return;
    // The link sends again what the broker has not acknowledged: it was taken the first time, and that answer counts.
    if (!answer.data.ok && answer.data.error.code === 'replayed') return;
    this.#waiting.get(answer.data.id)?.(answer.data);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not of a gate: as nothing.
    return undefined;
  }
}
