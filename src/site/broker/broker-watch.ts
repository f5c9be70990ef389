import type { Clock, MonotonicMs, Timer } from '../../kit/clock.js';
import type { Log } from '../../kit/log.js';
import type { InfoReader } from '../info/info-reader.js';
import { TAKEN_OVER } from '../link/mqtt-link.js';
import { type Instance, PACKET_MAX } from '../messages.js';
import type { Names } from '../topics.js';
import { TwinWatch } from './twin-watch.js';

/** How long own messages may take to come back, and retained ones to arrive after them. */
const ECHO_MS = 15_000;
const LATE_MS = 5_000;
/** Connections that end sooner after the greeting, so many of them within so long: the broker does not want to keep this gate. */
const SHORT_MS = 60_000;
const ENDS_MIN = 4;
const WINDOW_MS = 10 * 60_000;
/** Ends that are remembered; more say nothing more. */
const ENDS_MAX = 64;
/** Own messages that are known when they come back: so many are published within seconds, and all but the last have come back by then. */
const PUBLISHED_MAX = 16;

/** What is wrong with the broker, by kind. */
export type BrokerTrouble =
  | 'name-twice'
  | 'info-forged'
  | 'broker-unsteady'
  | 'broker-small'
  | 'broker-forgot'
  | 'broker-unheard';

export interface BrokerWatchParts {
  readonly names: Names;
  readonly instance: Pick<Instance, 'machine' | 'boot'>;
  /** Reads what stands on the own `info` topic. */
  readonly infos: Pick<InfoReader, 'read'>;
  /** The own `info` topic, for sentences. */
  readonly topic: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A sentence for the state; undefined when it is over. */
  readonly onProblem: (kind: BrokerTrouble, text: string | undefined) => void;
  /** The broker has lost what it was to keep. */
  readonly onForgot: () => void;
  /** Another gate writes this one's `info`: it is to be written again, so that the other one finds it too. */
  readonly contest: () => void;
}

/**
 * Watches the broker by what becomes of this gate's own retained `info`: whether it comes back, whether it is still there after a reconnect, and whether
 * somebody else writes it. Names what is wrong in sentences; the link goes on trying, whatever it is.
 */
export class BrokerWatch {
  readonly #parts: BrokerWatchParts;
  readonly #twin: TwinWatch;
  #connection = 0;
  #up = false;
  #foreign = false;
  #upAt: MonotonicMs | undefined;
  /** Whether the broker holds own info, as far as an earlier connection has shown. */
  #kept = false;
  #echoed = false;
  #found = false;
  #published: readonly string[] = [];
  #forgotAt: MonotonicMs | undefined;
  #forgedAt: MonotonicMs | undefined;
  #ends: readonly { readonly atMs: MonotonicMs; readonly lastedMs: number; readonly why: string }[] = [];
  #timers: readonly Timer[] = [];
  readonly #told = new Map<BrokerTrouble, string>();

  constructor(parts: BrokerWatchParts) {
    this.#parts = parts;
    this.#twin = new TwinWatch(parts.instance);
  }

  /** Stands in the gate's `info`: another on each connection, so that what comes back is known. Anybody can read and copy it. */
  get instance(): Instance {
    const { machine, boot } = this.#parts.instance;
    return { machine, boot, connection: this.#connection };
  }

  /** The broker is connected. To be called before `info` is published. @param packetMax as Link.packetMax */
  up(packetMax: number | undefined): void {
    this.#up = true;
    this.#upAt = this.#parts.clock.monotonic();
    this.#connection++;
    this.#kept ||= this.#echoed;
    this.#echoed = false;
    this.#found = false;
    this.#twin.up();
    this.#tell('broker-small', packetMax !== undefined && packetMax < PACKET_MAX ? tooSmall(packetMax) : undefined);
    this.minute();
  }

  down(why: string): void {
    const now = this.#parts.clock.monotonic();
    this.#up = false;
    this.#cancel();
    if (why === TAKEN_OVER) this.#twin.takenOver(now);
    const end = { atMs: now, lastedMs: this.#upAt === undefined ? 0 : now - this.#upAt, why };
    if (end.lastedMs < SHORT_MS) this.#ends = [...this.#ends, end].slice(-ENDS_MAX);
    this.minute();
  }

  /** Own `info` is being published on this connection: it must come back. */
  published(text: string): void {
    this.#published = [...this.#published, text].slice(-PUBLISHED_MAX);
    if (!this.#up || this.#timers.length > 0 || this.#echoed) return;
    this.#later(ECHO_MS, () => {
      if (!this.#echoed) this.#tell('broker-unheard', unheard(this.#parts.topic));
    });
  }

  /** A message arrived on this gate's own `info` topic. */
  receive(payload: Uint8Array): void {
    const { infos, names, clock } = this.#parts;
    const heard = infos.read(names.gate, payload);
    if (!heard) return;
    const now = clock.monotonic();
    const { instance } = heard.info;
    const own = this.instance;
    const isLikeOwn = instance?.boot === own.boot && instance.connection === own.connection;
    // A gate whose own key is not (yet) in the list of the site knows its words by having said them.
    if (isLikeOwn && (heard.worth === 'counts' || this.#published.includes(Buffer.from(payload).toString()))) {
      this.#echo(now);
      return;
    }
    // Of an own earlier run it is what the broker saved before: its newest is lost all the same.
    if (instance?.boot === own.boot || instance?.machine !== own.machine) this.#found = true;
    if (heard.worth !== 'counts') {
      this.#foreign = true;
      // What stood there before the own message came back may be of this gate before the site had keys.
      if (heard.worth === 'unsigned' && this.#echoed) this.#forgedAt = now;
      this.#judgeForged(now);
      return;
    }
    if (!this.#twin.heard(instance, now)) return;
    this.#foreign = true;
    this.#judgeTwin(now);
  }

  /** To be called about once a minute: what is over is over. */
  minute(): void {
    const now = this.#parts.clock.monotonic();
    this.#judgeForged(now);
    this.#judgeTwin(now);
    this.#judgeEnds(now);
    if (this.#forgotAt !== undefined && now - this.#forgotAt >= WINDOW_MS) {
      this.#forgotAt = undefined;
      this.#tell('broker-forgot', undefined);
    }
    if (!this.#foreign || !this.#up) return;
    this.#foreign = false;
    this.#parts.contest();
  }

  stop(): void {
    this.#up = false;
    this.#cancel();
  }

  #echo(now: MonotonicMs): void {
    this.#twin.echo(now);
    if (this.#echoed) return;
    this.#echoed = true;
    this.#cancel();
    this.#tell('broker-unheard', undefined);
    if (this.#kept && !this.#found) this.#later(LATE_MS, () => this.#judgeStore());
  }

  #judgeStore(): void {
    if (this.#found) return;
    this.#parts.log.warn({ topic: this.#parts.topic }, FORGOT);
    this.#forgotAt = this.#parts.clock.monotonic();
    this.#tell('broker-forgot', `broker-forgot: ${FORGOT}`);
    this.#parts.onForgot();
  }

  #judgeTwin(now: MonotonicMs): void {
    this.#tell('name-twice', this.#twin.seen(now) ? twice(this.#parts.names) : undefined);
  }

  #judgeForged(now: MonotonicMs): void {
    const lately = this.#forgedAt !== undefined && now - this.#forgedAt < WINDOW_MS;
    this.#tell('info-forged', lately ? forged(this.#parts.topic) : undefined);
  }

  #judgeEnds(now: MonotonicMs): void {
    this.#ends = this.#ends.filter(({ atMs }) => now - atMs < WINDOW_MS);
    const [last, many] = [this.#ends.at(-1), this.#ends.length >= ENDS_MIN];
    const steady = this.#up && this.#upAt !== undefined && now - this.#upAt >= SHORT_MS;
    // Two gates of one name are the reason, and said already.
    const well = !many || last === undefined || steady || this.#told.has('name-twice');
    this.#tell('broker-unsteady', well ? undefined : unsteady(this.#ends.length, last.lastedMs, last.why));
  }

  #tell(kind: BrokerTrouble, text: string | undefined): void {
    const before = this.#told.get(kind);
    if (before === text) return;
    if (text === undefined) this.#told.delete(kind);
    else this.#told.set(kind, text);
    // The sentence of the store stands in the log already.
    if (before === undefined && text !== undefined && kind !== 'broker-forgot') this.#parts.log.error({}, text);
    this.#parts.onProblem(kind, text);
  }

  #later(ms: number, act: () => void): void {
    this.#timers = [...this.#timers, this.#parts.clock.after(ms, act)];
  }

  #cancel(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }
}

const tooSmall = (packetMax: number): string =>
  `broker-small: the broker takes packets of ${packetMax} bytes at most, so no photo larger than that arrives: allow ${PACKET_MAX} (Mosquitto: max_packet_size ${PACKET_MAX})`;

const unheard = (topic: string): string =>
  `broker-unheard: what this gate publishes on ${topic} does not come back: let its user name read and write its own topics in the broker's access list (docs/mqtt.md)`;

const twice = ({ site, gate }: Names): string =>
  `name-twice: another gate calls itself ${gate} at this broker, so both answer requests and throw each other out: give one of the two another name (gate in its kaimon.yaml; site ${site})`;

const forged = (topic: string): string =>
  `info-forged: somebody who has no key of this site writes on ${topic}: a gate of the same name without keys, or one whose account of the broker is to be taken away`;

const FORGOT =
  'the broker has lost what it was to keep (retained messages), and the gates give it back: let it save them (Mosquitto: persistence true, autosave_interval 60)';

// Bounded in number, not to the number: a sentence that changes each time would be published each time.
const unsteady = (ends: number, lastedMs: number, why: string): string =>
  `broker-unsteady: the broker ends the connection again and again, ${ends >= ENDS_MAX ? 'very often' : `${ENDS_MIN} times or more`} within ten minutes, at last after ${lastedMs < 1_000 ? 'less than a second' : `less than ${lastedMs < 10_000 ? 10 : 60} seconds`} (${why}): see in its log whether another client has the id of this one (mqtt.clientId), its access list denies a topic, or a limit is reached`;
