import type { SiteKeys } from '../keys/open-keys.js';
import { TRUST_BYTES_MAX, TRUST_VALUES_MAX } from '../keys/trust-list.js';
import type { Clock, Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import { LogBudget } from '../kit/logging/log-budget.js';
import { parseJson } from './bounded-json.js';
import type { Link } from './link/link.js';

/** A broker that has said nothing of the list by then holds none. */
const SILENT_MS = 10_000;

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
  #sending = false;
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
  }

  /** What stands at the broker; empty: it was cleared. */
  receive(payload: Uint8Array): void {
    this.#silent?.cancel();
    const { keys, onTaken, onProblem } = this.#parts;
    if (payload.byteLength === 0) {
      void this.#publish();
      return;
    }
    const verdict = read(payload, keys);
    switch (verdict.kind) {
      case 'taken':
        onProblem(undefined);
        onTaken();
        return;
      case 'same':
        onProblem(undefined);
        return;
      case 'older':
        void this.#publish();
        return;
      case 'refused':
        this.#warn({ why: verdict.why }, 'a list of keys at the broker is not taken');
        onProblem(`keys-refused: the list of keys at the broker is not taken: ${verdict.why}`);
        void this.#publish();
    }
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

function read(payload: Uint8Array, keys: SiteKeys): ReturnType<SiteKeys['take']> {
  if (payload.byteLength > TRUST_BYTES_MAX)
    return { kind: 'refused', why: `it has ${payload.byteLength} bytes; at most ${TRUST_BYTES_MAX} are allowed` };
  const json = parseJson(payload, TRUST_VALUES_MAX);
  return json.ok ? keys.take(json.value) : { kind: 'refused', why: json.why };
}
