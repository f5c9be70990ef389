import type { TrustedClock } from '../../clock-trust/trusted-clock.js';
import type { Keyring } from '../../keys/keyring.js';
import type { Clock } from '../../kit/clock.js';
import { explain, impossible, OperatingError } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { LogBudget } from '../../kit/logging/log-budget.js';
import type { Link, Packet } from '../link/link.js';
import { type ErrorCode, RequestError, type Response } from '../messages.js';
import type { Names } from '../topics.js';
import { checkRequest, type Request } from './check-request.js';
import { type KnownTime, knownAtStart, type RequestTime, timeOf } from './request-time.js';
import type { KeptRequests } from './seen-file.js';
import { type ArgsOf, changesSomething, type Verb } from './verbs.js';

/** Requests of one verb served at one time. Others are counted by themselves: what waits for the disk or the eye keeps no door shut. */
const IN_FLIGHT_MAX = 4;
/** A request whose handler has not ended by then is answered `busy` and makes room for others. */
const HANDLER_MS = 60_000;
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

export interface RequestServerParts {
  readonly link: Link;
  readonly names: Names;
  readonly clock: Clock;
  readonly log: Log;
  readonly handlers: RequestHandlers;
  /** The ids of requests taken earlier, before a restart too. */
  readonly requests: KeptRequests;
  /** Whether the wall clock may be believed, and when the network last confirmed it. */
  readonly trustedClock: Pick<TrustedClock, 'trusted' | 'confirmedMs'>;
  /** The keys of the site; undefined where requests are not signed. */
  readonly keyring?: Pick<Keyring, 'check'> | undefined;
  /** Resolves when everything done up to now is in the journal, or cannot be soon; never rejects. No answer is sent before. */
  readonly written: () => Promise<void>;
}

/** Takes requests, has each done once and answers it. No packet can make it throw. */
export class RequestServer {
  readonly #parts: RequestServerParts;
  #known: KnownTime;
  readonly #budget: LogBudget;
  readonly #inFlight = new Map<Verb, number>();

  constructor(parts: RequestServerParts) {
    this.#parts = parts;
    this.#known = knownAtStart(parts.clock.monotonic(), parts.trustedClock.confirmedMs);
    this.#budget = new LogBudget(parts.clock);
  }

  /** A packet arrived on a request topic. */
  receive(packet: Packet): void {
    const { requests, names, keyring } = this.#parts;
    const check = checkRequest(packet, this.#time(), requests.seen, names, keyring);
    switch (check.kind) {
      case 'drop':
        this.#warn({ why: check.why }, 'a request was ignored');
        return;
      case 'refuse': {
        const { id, code, message, respondTo } = check;
        this.#warn({ id, code, message }, 'a request was refused');
        this.#answer(respondTo, refusal(id, code, message), packet);
        return;
      }
      case 'accept':
        if (changesSomething(check.request.verb)) requests.keep();
        void this.#serve(check.request, check.respondTo, packet);
        return;
      default:
        impossible(check);
    }
  }

  #time(): RequestTime {
    const { clock, trustedClock } = this.#parts;
    const reading = { wall: clock.wall(), mono: clock.monotonic(), trusted: trustedClock.trusted };
    const { known, time } = timeOf(this.#known, reading);
    this.#known = known;
    return time;
  }

  async #serve(request: Request, respondTo: string, packet: Packet): Promise<void> {
    const { id, verb, by } = request;
    const before = this.#inFlight.get(verb) ?? 0;
    if (before >= IN_FLIGHT_MAX) {
      const message = `${IN_FLIGHT_MAX} requests ${verb} are being done: send a new request later`;
      this.#warn({ id, verb, by, code: 'busy' }, 'a request was refused');
      this.#answer(respondTo, refusal(id, 'busy', message), packet);
      return;
    }
    this.#inFlight.set(verb, before + 1);
    const answer = await this.#outcome(request);
    this.#inFlight.set(verb, (this.#inFlight.get(verb) ?? 1) - 1);
    await this.#parts.written();
    this.#answer(respondTo, answer, packet);
  }

  async #outcome(request: Request): Promise<Response> {
    const { id, verb, by } = request;
    try {
      const result = await this.#timed(request);
      this.#parts.log.info({ id, verb, by }, 'a request was done');
      return { v: 1, id, ok: true, result: result ?? {} };
    } catch (thrown) {
      return this.#failure(request, thrown);
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
      this.#warn({ id, verb, by, code: thrown.code, message: thrown.message }, 'a request was refused');
      return refusal(id, thrown.code, thrown.message);
    }
    this.#parts.log.error({ id, verb, by, err: explain(thrown) }, 'a request failed');
    const message = thrown instanceof OperatingError ? thrown.message : `${verb} failed: see this gate's log`;
    return refusal(id, 'failed', message);
  }

  #answer(topic: string, response: Response, asked: Packet): void {
    void this.#send(topic, response, asked.correlationData);
  }

  async #send(topic: string, response: Response, correlationData: Uint8Array | undefined): Promise<void> {
    try {
      await this.#parts.link.publish(topic, JSON.stringify(response), {
        retain: false,
        qos: 1,
        expirySeconds: ANSWER_EXPIRY_SECONDS,
        ...(correlationData === undefined ? {} : { correlationData }),
      });
    } catch (thrown) {
      this.#warn({ id: response.id, err: explain(thrown) }, 'an answer was not delivered');
    }
  }

  #warn(fields: object, sentence: string): void {
    const before = this.#budget.take();
    if (before !== undefined) this.#parts.log.warn(before > 0 ? { ...fields, leftOut: before } : fields, sentence);
  }
}

const refusal = (id: string | null, code: ErrorCode, message: string): Response => ({
  v: 1,
  id,
  ok: false,
  error: { code, message },
});
