import type { Clock, Timer } from '../../kit/clock.js';
import type { EventFields } from '../messages.js';

const FIRST_MS = 1_000;
/** Ten thousand bad records are one event every ten seconds, not ten thousand. */
const AGAIN_MS = 10_000;
const NAMED_MAX = 10;

/** Each has room of its own: much of one hides nothing of another. */
export type RejectReason = 'unsigned' | 'revoked' | 'invalid' | 'future' | 'not-saved' | 'too-many';

/** Rejected records of one reason. */
interface Rejected {
  count: number;
  readonly ids: string[];
  readonly why: string;
}

/** Collects records that were not taken and reports them by reason, from time to time. */
export class Rejections {
  readonly #clock: Clock;
  readonly #onReport: (fields: EventFields) => void;
  readonly #byReason = new Map<string, Rejected>();
  #timer: Timer | undefined;
  #pauseMs = FIRST_MS;

  constructor(clock: Clock, onReport: (fields: EventFields) => void) {
    this.#clock = clock;
    this.#onReport = onReport;
  }

  /** A record was not taken. @param why a sentence; of several records the first one's is reported */
  add(reason: RejectReason, id: string, why: string): void {
    const rejected = this.#byReason.get(reason) ?? { count: 0, ids: [], why };
    rejected.count++;
    if (rejected.ids.length < NAMED_MAX) rejected.ids.push(id);
    this.#byReason.set(reason, rejected);
    this.#timer ??= this.#clock.after(this.#pauseMs, () => this.#flush());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #flush(): void {
    this.#timer = undefined;
    this.#pauseMs = this.#byReason.size > 0 ? AGAIN_MS : FIRST_MS;
    for (const [reason, { count, ids, why }] of this.#byReason) {
      this.#onReport({ reason, count, people: ids, message: why.slice(0, 500) });
    }
    this.#byReason.clear();
  }
}
