import type { SiteKeys } from '../keys/open-keys.js';
import type { Clock, Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import { LogBudget } from '../kit/logging/log-budget.js';
import type { Link } from './link/link.js';
import { Allowance, type Rate } from './requests/allowance.js';
import { takeList } from './taken-list.js';

/** A broker that has said nothing of the list by then holds none. */
const SILENT_MS = 10_000;
/** How often what stands there is replaced: gates that do not take each other's lists, or somebody with the right to write there, would never stop. */
const ANSWERS: Rate = { burst: 5, perSecond: 1 / 60 };

export interface KeysTopicParts {
  readonly link: Link;
  readonly topic: string;
  readonly keys: SiteKeys;
  readonly clock: Clock;
  readonly log: Log;
  /** A newer list is in force. */
  readonly onTaken: () => void;
  /** A sentence for the state; undefined when all is well again. */
  readonly onProblem: (text: string | undefined) => void;
}

/** The list of keys at the broker: a newer one is taken over, and what is there in place of this gate's list is replaced. */
export class KeysTopic {
  readonly #parts: KeysTopicParts;
  #silent: Timer | undefined;
  #later: Timer | undefined;
  #sending = false;
  readonly #answers = new Allowance(ANSWERS);
  readonly #budget: LogBudget;

  constructor(parts: KeysTopicParts) {
    this.#parts = parts;
    this.#budget = new LogBudget(parts.clock);
  }

  up(): void {
    this.#silent?.cancel();
    this.#silent = this.#parts.clock.after(SILENT_MS, () => void this.#publish());
  }

  down(): void {
    this.#silent?.cancel();
    this.#settled();
  }

  /** What stands at the broker; empty: it was cleared. */
  receive(payload: Uint8Array): void {
    this.#silent?.cancel();
    const { keys, onTaken, onProblem } = this.#parts;
    if (payload.byteLength === 0) {
      this.#answer();
      return;
    }
    const verdict = takeList(payload, (document) => keys.take(document));
    switch (verdict.kind) {
      case 'taken':
        this.#settled();
        onProblem(undefined);
        onTaken();
        return;
      case 'same':
        this.#settled();
        onProblem(undefined);
        return;
      case 'older':
        this.#answer();
        return;
      case 'refused':
        this.#warn({ why: verdict.why }, 'a list of keys at the broker is not taken');
        onProblem(`keys-refused: the list of keys at the broker is not taken: ${verdict.why}`);
        this.#answer();
    }
  }

  /** This gate's list stands there, or is the one that does. */
  #settled(): void {
    this.#later?.cancel();
    this.#later = undefined;
  }

  /** Replaces what stands there, now or once it may. */
  #answer(): void {
    if (this.#later) return;
    const { clock } = this.#parts;
    const waitMs = this.#answers.take('', clock.monotonic());
    if (waitMs === 0) {
      void this.#publish();
      return;
    }
    this.#later = clock.after(waitMs, () => {
      this.#later = undefined;
      this.#answer();
    });
  }

  async #publish(): Promise<void> {
    const { link, topic, keys } = this.#parts;
    const { text } = keys.keyring;
    if (text === undefined || this.#sending || !link.up) return;
    this.#sending = true;
    try {
      await link.publish(topic, text, { retain: true, qos: 1 });
    } catch (thrown) {
      this.#warn({ err: explain(thrown) }, 'the list of keys was not published yet');
    }
    this.#sending = false;
  }

  #warn(fields: object, sentence: string): void {
    const leftOut = this.#budget.take();
    if (leftOut !== undefined) this.#parts.log.warn(leftOut > 0 ? { ...fields, leftOut } : fields, sentence);
  }
}
