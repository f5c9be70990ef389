import type { TrustedClock } from '../../clock-trust/trusted-clock.js';
import type { Keyring } from '../../keys/keyring.js';
import type { Clock } from '../../kit/clock.js';
import { explain, impossible, OperatingError } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { LogBudget } from '../../kit/logging/log-budget.js';
import { endsWithin } from '../../kit/within.js';
import type { Link, Packet, Room } from '../link/link.js';
import { RequestError, type Response } from '../messages.js';
import type { SiteReports } from '../site-reports.js';
import type { Names } from '../topics.js';
import { noLongerMay, refusal, tooLate } from './answers.js';
import { checkRequest, type Request, type RequestCheck } from './check-request.js';
import { JunkCount } from './junk-count.js';
import { LostAnswers } from './lost-answers.js';
import { RequestClock } from './request-clock.js';
import { RequestLimits } from './request-limits.js';
import type { KeptRequests } from './seen-file.js';
import { type QueueFull, SlowQueue, type Turn } from './slow-queue.js';
import { type ArgsOf, answersAtOnce, changesSomething, isVerb, laneOf, type Verb } from './verbs.js';

/** Requests of one verb done at one time. Others are counted by themselves: what waits for the disk or the eye keeps no door shut. */
const AT_ONCE = { safety: 64, quick: 32 } as const;
/** A request whose handler has not ended by then is answered `busy` and makes room for others. */
const HANDLER_MS = 60_000;
/** When to come back to a verb of which too many are being done. */
const RETRY_MS = 1_000;
/** What a request holds besides its photo, at most. */
const REQUEST_BYTES = 16 * 1024;
/** So long a request that changes something waits for the disk to have its id, or a start with a clock of before would do it again; a disk that hangs must lock no door. */
const KEPT_MS = 250;
const ANSWER_EXPIRY_SECONDS = 300;

export interface RequestContext {
  /** Who sent the request: the name of its key; where the site has no keys, what it says itself. */
  readonly by: string;
  /** The request's id. */
  readonly id: string;
}

/** One handler for each verb. It refuses by throwing {@link RequestError}; what it returns is the answer's `result`. */
export type RequestHandlers = {
  readonly [V in Verb]: (args: ArgsOf<V>, context: RequestContext) => Promise<unknown>;
};

/** Those of the gate; the site itself compares its records with the broker. */
export type GateHandlers = Omit<RequestHandlers, 'resync'>;

export interface RequestServerParts {
  readonly link: Link;
  readonly names: Names;
  readonly clock: Clock;
  readonly log: Log;
  readonly handlers: RequestHandlers;
  readonly reports: Pick<SiteReports, 'requestRefused' | 'requestsRefused'>;
  /** The ids of requests taken earlier, before a restart too. */
  readonly requests: KeptRequests;
  /** Whether the wall clock may be believed, and when the network last confirmed it. */
  readonly trustedClock: Pick<TrustedClock, 'trusted' | 'confirmedMs'>;
  /** The keys of the site; undefined where requests are not signed. */
  readonly keyring?: Pick<Keyring, 'check' | 'may'> | undefined;
  /** Resolves when everything done up to now is in the journal, or cannot be soon; never rejects. Only the door's answers are sent before. */
  readonly written: () => Promise<void>;
}

type Accepted = Extract<RequestCheck, { kind: 'accept' }>;
type Refused = Extract<RequestCheck, { kind: 'refuse' }>;

/** Where an answer goes. Not the packet, which may hold a photo that nobody needs any more. */
interface Address {
  readonly topic: string;
  readonly room: Room;
  readonly correlationData: Uint8Array | undefined;
}

/**
 * Takes requests, has each done once and answers it. Those that move the door or remove somebody are done at once, those that need the eye
 * wait for their turn. No packet can make it throw.
 */
export class RequestServer {
  readonly #parts: RequestServerParts;
  readonly #time: RequestClock;
  /** Lines about safety verbs have a budget of their own, and so has what nobody has signed where others sign. */
  readonly #budgets: { readonly safety: LogBudget; readonly other: LogBudget; readonly junk: LogBudget };
  readonly #limits: RequestLimits;
  readonly #slow: SlowQueue;
  readonly #lost: LostAnswers;
  readonly #junk: JunkCount;
  readonly #inFlight = new Map<Verb, number>();

  constructor(parts: RequestServerParts) {
    const { clock, log, trustedClock } = parts;
    this.#parts = parts;
    this.#time = new RequestClock(clock, trustedClock);
    this.#budgets = { safety: new LogBudget(clock), other: new LogBudget(clock), junk: new LogBudget(clock) };
    this.#limits = new RequestLimits(clock);
    this.#slow = new SlowQueue(clock);
    this.#lost = new LostAnswers(clock, log);
    this.#junk = new JunkCount(clock, (count, from) => parts.reports.requestsRefused(count, from));
  }

  /** The broker is connected. */
  up(): void {
    this.#time.hears();
  }

  /** A packet arrived on a request topic. */
  receive(packet: Packet): void {
    const { requests, names, keyring } = this.#parts;
    const check = checkRequest(packet, this.#time.now(), requests.seen, names, this.#limits, keyring);
    switch (check.kind) {
      case 'drop':
        this.#warn({ why: check.why }, 'a request was ignored', 'other');
        return;
      case 'refuse':
        this.#refuse(check, packet);
        return;
      case 'accept':
        this.#take(check, packet);
        return;
      default:
        impossible(check);
    }
  }

  /** Nothing is received any more. What waits for its turn is answered: the link lives a little longer. */
  stop(): void {
    this.#slow.stop();
    this.#lost.stop();
    this.#junk.stop();
  }

  #refuse({ id, code, message, retryAfterMs, respondTo, verb, client, proof, signer }: Refused, packet: Packet): void {
    const isJunk = this.#parts.keyring !== undefined && signer === undefined;
    this.#warn({ id, code, message }, 'a request was refused', isJunk ? 'junk' : kindOf(verb));
    if (signer === undefined) this.#junk.add();
    else
      this.#parts.reports.requestRefused({
        by: signer,
        verb: isVerb(verb) ? verb : '?',
        code,
        again: proof === 'again',
      });
    if (proof === 'signed' && isVerb(verb) && changesSomething(verb)) this.#parts.requests.keepSoon();
    if (!this.#limits.refusal(proof, client, verb)) {
      this.#lost.add(id, 'too many requests were refused within a short time');
      return;
    }
    this.#answer(addressOf(respondTo, 'refusal', packet), refusal(id, code, message, retryAfterMs));
  }

  #take(accepted: Accepted, packet: Packet): void {
    const { request, respondTo, client, proof, signer } = accepted;
    const { verb, id } = request;
    const lane = laneOf(verb) ?? 'quick';
    // Whatever becomes of it: what waits too long, finds no place or is dropped at the stop is not done after a restart either.
    if (changesSomething(verb)) this.#parts.requests.keep();
    const to = addressOf(respondTo, lane === 'safety' ? 'safety' : 'answer', packet);
    const full =
      lane === 'slow'
        ? this.#slow.add({
            client,
            bytes: REQUEST_BYTES + photoBytes(request),
            run: (turn) => this.#serveSlow(accepted, to, turn),
            drop: () => this.#answer(to, refusal(id, 'busy', 'this gate is being stopped', RETRY_MS)),
          })
        : this.#serveNow(request, to, AT_ONCE[lane]);
    if (!full) return;
    const { why, retryAfterMs } = full;
    const message = `${why}: send a new request in ${Math.ceil(retryAfterMs / 1000)} s`;
    this.#refuse(
      { kind: 'refuse', id, code: 'busy', message, retryAfterMs, respondTo, verb, client, proof, signer },
      packet,
    );
  }

  #serveNow(request: Request, to: Address, atOnce: number): QueueFull | undefined {
    const { verb } = request;
    const before = this.#inFlight.get(verb) ?? 0;
    if (before >= atOnce) return { why: `${before} requests ${verb} are being done`, retryAfterMs: RETRY_MS };
    this.#inFlight.set(verb, before + 1);
    void this.#serve(request, to);
    return undefined;
  }

  async #serve(request: Request, to: Address): Promise<void> {
    const { verb } = request;
    const answer = await this.#outcome(request);
    this.#inFlight.set(verb, (this.#inFlight.get(verb) ?? 1) - 1);
    if (!answersAtOnce(verb)) await this.#parts.written();
    this.#answer(to, answer);
  }

  /** Its turn in the queue has come. It is over when it was done: the journal is waited for outside of the queue. */
  async #serveSlow({ request, lifeMs, mayStill }: Accepted, to: Address, queue: Turn): Promise<void> {
    const answer =
      queue.waitedMs >= lifeMs
        ? tooLate(request, queue.waitedMs)
        : mayStill()
          ? await this.#outcome(request)
          : noLongerMay(request);
    void this.#parts.written().then(() => this.#answer(to, { ...answer, ...(answer.ok && { queue }) }));
  }

  async #outcome(request: Request): Promise<Response> {
    const { id, verb, by } = request;
    if (changesSomething(verb)) await this.#kept();
    try {
      const result = await this.#timed(request);
      this.#parts.log.info({ id, verb, by }, 'a request was done');
      return { v: 1, id, ok: true, result: result ?? {} };
    } catch (thrown) {
      return this.#failure(request, thrown);
    }
  }

  async #kept(): Promise<void> {
    const { clock, requests } = this.#parts;
    try {
      await endsWithin(clock, KEPT_MS, requests.kept());
    } catch {
      // The file logs it and tries again; the door must move all the same.
    }
  }

  #timed(request: Request): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = this.#parts.clock.after(HANDLER_MS, () => {
        const message = `${request.verb} was not done within ${HANDLER_MS / 1000} s; it may still be`;
        reject(new RequestError('busy', message));
      });
      this.#handle(request).then(
        (result) => {
          timer.cancel();
          resolve(result);
        },
        (thrown: unknown) => {
          timer.cancel();
          reject(thrown);
        },
      );
    });
  }

  // Async, so that a handler that throws at once rejects like any other.
  async #handle<V extends Verb>(request: Request<V>): Promise<unknown> {
    return this.#parts.handlers[request.verb](request.args, { by: request.by, id: request.id });
  }

  /** The answer says only what an operator can act on; the message of a defect goes to the log only. */
  #failure({ id, verb, by }: Request, thrown: unknown): Response {
    if (thrown instanceof RequestError) {
      if (thrown.code === 'not-saved') {
        this.#parts.log.error({ id, verb, by, message: thrown.message }, 'a request was done, but is not on the disk');
        return refusal(id, thrown.code, thrown.message);
      }
      this.#warn({ id, verb, by, code: thrown.code, message: thrown.message }, 'a request was refused', kindOf(verb));
      return refusal(id, thrown.code, thrown.message);
    }
    this.#parts.log.error({ id, verb, by, err: explain(thrown) }, 'a request failed');
    const message = thrown instanceof OperatingError ? thrown.message : `${verb} failed: see this gate's log`;
    return refusal(id, 'failed', message);
  }

  #answer(to: Address, response: Response): void {
    void this.#send(to, response);
  }

  async #send({ topic, room, correlationData }: Address, response: Response): Promise<void> {
    try {
      await this.#parts.link.publish(topic, JSON.stringify(response), {
        retain: false,
        qos: 1,
        room,
        expirySeconds: ANSWER_EXPIRY_SECONDS,
        ...(correlationData === undefined ? {} : { correlationData }),
      });
    } catch (thrown) {
      this.#lost.add(response.id, explain(thrown));
    }
  }

  #warn(fields: object, sentence: string, kind: 'safety' | 'other' | 'junk'): void {
    const before = this.#budgets[kind].take();
    if (before !== undefined) this.#parts.log.warn(before > 0 ? { ...fields, leftOut: before } : fields, sentence);
  }
}

const kindOf = (verb: string) => (laneOf(verb) === 'safety' ? 'safety' : 'other');

const photoBytes = ({ args }: Request): number => ('photo' in args ? (args.photo?.byteLength ?? 0) : 0);

const addressOf = (topic: string, room: Room, { correlationData }: Packet): Address => ({
  topic,
  room,
  // A copy: the original is a part of the packet, which it would keep in memory.
  correlationData: correlationData && Uint8Array.from(correlationData),
});
