import { randomBytes, randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { Keyring } from '../../keys/keyring.js';
import { signedRequest } from '../../keys/sign-request.js';
import type { SigningKey } from '../../keys/signing-key.js';
import { type Clock, iso, type Timer, type WallMs } from '../../kit/clock.js';
import { explain } from '../../kit/errors.js';
import { parseJson } from '../bounded-json.js';
import { InfoReader } from '../info/info-reader.js';
import type { Link, Packet, Unlisten } from '../link/link.js';
import { PAYLOAD_MAX, responseSchema } from '../messages.js';
import { takeList } from '../taken-list.js';
import { parseTopic, topicsOf } from '../topics.js';
import { fleetInfoSchema, fleetStateSchema, type GateFacts, shown, silentGates } from './gate-facts.js';

/** Gates of one site that are shown; what stands under other names is left out. */
export const GATES_MAX = 4_096;
/** Questions on their way at one time; the link takes 128 messages. */
const ASKED_MAX = 64;
/** A gate that is there answers within this time. */
const ANSWER_MS = 3_000;
/** How long a question counts, by the clock of who asks. */
const LIFETIME_MS = 60_000;

export interface FleetWatchParts {
  readonly link: Link;
  readonly site: string;
  /** Who asks: stands in the topic of the answers and in the gates' logs. */
  readonly by: string;
  /** Signs what is asked, where the site has keys. */
  readonly key?: SigningKey | undefined;
  /** What the site has of keys, as far as it is known here: then what gates say of themselves is checked. */
  readonly keyring?: Keyring | undefined;
  /** With 3.1.1 answers come on topics of the gates. */
  readonly protocol: () => 4 | 5;
  readonly clock: Clock;
  /** Something is known that was not. */
  readonly onChange: () => void;
}

interface Question {
  readonly gate: string;
  readonly askedAt: WallMs;
  readonly done: () => void;
}

/** Follows what the gates of a site say of themselves, and asks each how late it is. Changes nothing. */
export class FleetWatch {
  readonly #parts: FleetWatchParts;
  readonly #gates = new Map<string, GateFacts>();
  /** By the id of the request. */
  readonly #questions = new Map<string, Question>();
  readonly #answers: string;
  readonly #infos: InfoReader;
  #unlisten: readonly Unlisten[] = [];
  #leftOut = 0;
  #whyNoClock: string | undefined;

  constructor(parts: FleetWatchParts) {
    this.#parts = parts;
    const { clock, site, keyring } = parts;
    this.#infos = new InfoReader({
      site,
      keyring,
      monotonic: () => clock.monotonic(),
      now: () => clock.wall(),
      gatesMax: GATES_MAX,
    });
    this.#answers = `kaimon/${parts.site}/response/${parts.by}/${randomBytes(8).toString('hex')}`;
  }

  /** All that is known now, with the gates that only the list of keys knows. */
  get gates(): readonly GateFacts[] {
    const { keyring } = this.#parts;
    const heard = [...this.#gates.values()];
    const keys = keyring?.list?.keys.filter((key) => !keyring.isRevoked(key)) ?? [];
    return [...heard, ...silentGates(heard, keys)];
  }

  /** Messages of gates beyond {@link GATES_MAX}. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Why a gate's clock is not known, of the last one that was asked in vain. */
  get whyNoClock(): string | undefined {
    return this.#whyNoClock;
  }

  /** Follows the gates from now on. Resolves when the broker has agreed. @throws OperatingError KAIMON_MQTT_REFUSED, …_DOWN, …_TIMEOUT */
  async follow(): Promise<void> {
    const { link, site } = this.#parts;
    for (const unlisten of this.#unlisten) unlisten();
    this.#unlisten = [link.onMessage((packet) => this.#receive(packet))];
    const { peers, keys } = topicsOf({ site, gate: '+' });
    // First: what gates say can be checked only with the list.
    if (this.#parts.keyring) await link.subscribe([keys]);
    await link.subscribe([...peers, ...(this.#parts.protocol() === 5 ? [this.#answers] : [])]);
  }

  stop(): void {
    for (const unlisten of this.#unlisten) unlisten();
    for (const { done } of [...this.#questions.values()]) done();
  }

  /** Asks each gate that is there how late it is. Resolves when all have answered, or had the time to. Never rejects: who may not ask, learns no clock. */
  async askClocks(): Promise<void> {
    const there = this.gates.filter(({ state }) => state !== undefined && state.status !== 'offline');
    for (let from = 0; from < there.length; from += ASKED_MAX)
      await Promise.all(there.slice(from, from + ASKED_MAX).map(({ gate }) => this.#ask(gate)));
  }

  async #ask(gate: string): Promise<void> {
    const { link, site, by, key, clock, protocol } = this.#parts;
    const topics = topicsOf({ site, gate });
    const id = randomUUID();
    const old = protocol() === 4 ? topics.response(id) : undefined;
    let timer: Timer | undefined;
    try {
      if (old !== undefined) await link.subscribe([old]);
      const now = clock.wall();
      const expires = iso((now + LIFETIME_MS) as WallMs);
      const request = { v: 1, id, time: iso(now), expires, by, args: {} };
      const answered = new Promise<void>((done) => {
        this.#questions.set(id, { gate, askedAt: now, done });
        timer = clock.after(ANSWER_MS, done);
      });
      const where = old === undefined ? { responseTopic: this.#answers, expirySeconds: LIFETIME_MS / 1000 } : {};
      await link.publish(
        topics.request('ping'),
        JSON.stringify(signedRequest(key, { site, gate, verb: 'ping' }, request)),
        { retain: false, qos: 1, ...where },
      );
      await answered;
    } catch (thrown) {
      // Who may read only learns no clock, and all else.
      this.#whyNoClock = explain(thrown);
    } finally {
      timer?.cancel();
      this.#questions.delete(id);
    }
    if (old !== undefined && link.up) await link.unsubscribe([old]).catch(() => undefined);
  }

  #receive({ topic, payload }: Packet): void {
    const { site, keyring } = this.#parts;
    if (keyring && topic === topicsOf({ site, gate: '' }).keys) {
      if (takeList(payload, (list) => keyring.take(list)).kind === 'taken') this.#parts.onChange();
      return;
    }
    if (payload.byteLength > PAYLOAD_MAX) return;
    const now = this.#parts.clock.wall();
    const json = parseJson(payload);
    const asked = json.ok ? responseSchema.safeParse(json.value).data : undefined;
    const question = asked?.id ? this.#questions.get(asked.id) : undefined;
    if (asked && question && /\/response\//.test(topic)) {
      this.#learnClock(question, asked, now);
      question.done();
      return;
    }
    const parsed = parseTopic({ site, gate: '' }, topic);
    if (parsed?.kind !== 'state' && parsed?.kind !== 'info') return;
    const { gate, kind } = parsed;
    if (payload.byteLength === 0) {
      // Somebody cleared it: the gate is no more, unless the list of keys names it.
      this.#gates.delete(gate);
      this.#parts.onChange();
      return;
    }
    const schema = kind === 'state' ? fleetStateSchema : fleetInfoSchema;
    const value = json.ok ? schema.safeParse(json.value).data : undefined;
    const worth = kind === 'info' && keyring ? { worth: this.#infos.read(gate, payload)?.worth } : {};
    this.#learn(gate, value === undefined ? {} : { [kind]: value, ...worth });
  }

  /** The gate says its time, also where it refuses the question since one of the clocks is wrong. */
  #learnClock({ gate, askedAt }: Question, answer: z.infer<typeof responseSchema>, now: WallMs): void {
    const result = answer.ok ? (answer.result as { readonly time?: unknown } | null) : undefined;
    const said = answer.ok ? result?.time : answer.error.message.match(/\bshows (\S+Z)\b/)?.[1];
    const time = typeof said === 'string' ? Date.parse(said) : Number.NaN;
    if (Number.isNaN(time)) {
      this.#whyNoClock = answer.ok
        ? `${gate} does not say its time`
        : `${gate}: ${shown(answer.error.message.slice(0, 1_000))}`;
      return;
    }
    const exactMs = Math.max(0, now - askedAt) / 2;
    this.#learn(gate, { clock: { aheadMs: Math.round(time - (askedAt + exactMs)), exactMs } });
  }

  #learn(gate: string, facts: Partial<GateFacts>): void {
    if (!this.#gates.has(gate) && this.#gates.size >= GATES_MAX) {
      this.#leftOut++;
      return;
    }
    this.#gates.set(gate, { ...this.#gates.get(gate), ...facts, gate });
    this.#parts.onChange();
  }
}
