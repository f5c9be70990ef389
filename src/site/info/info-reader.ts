import type { Keyring } from '../../keys/keyring.js';
import { gateText } from '../../keys/signed-text.js';
import type { MonotonicMs, WallMs } from '../../kit/clock.js';
import { parseJson } from '../bounded-json.js';
import { type Info, infoSchema, LIFETIME_MAX_MS, PAYLOAD_MAX } from '../messages.js';

/** Gates whose newest word is remembered, as many as are noted for comparing. */
const GATES_MAX = 4_096;
/** A gate signs what it says each minute; whoever was heard so lately is there, and what it said before is no news of it. */
const SILENT_MS = 3 * 60_000;

/** What a gate said of itself, and what it is worth. */
export interface HeardInfo {
  readonly info: Info;
  /**
   * `counts`: where the site has keys, a gate of it has signed this lately, and nothing newer of this gate was heard. `untimely`: this gate
   * has signed it, not lately by the clock here: it is away, a clock is wrong, or somebody repeats it; it proves that there is such a gate, and
   * nothing of what it says. `old`: something newer was heard of a gate that is there. `unsigned`: by no gate of the site.
   */
  readonly worth: 'counts' | 'untimely' | 'old' | 'unsigned';
  /** When the gate says that it signed it, and how far that is ahead of the clock here; only of what is untimely. */
  readonly signed?: { readonly atMs: number; readonly offMs: number };
  /** When it was heard first: what comes again is no sign of life. */
  readonly heardAt: MonotonicMs;
}

export interface InfoReaderParts {
  readonly site: string;
  /** This gate: of its own words earlier ones come back, and another gate of its name has a clock of its own. */
  readonly gate?: string;
  /** Undefined where the site has no keys: then everything counts. */
  readonly keyring: Pick<Keyring, 'check'> | undefined;
  readonly monotonic: () => MonotonicMs;
  /** The time; undefined while the clock is not trusted: then an old word is known only by a newer one. */
  readonly now: () => WallMs | undefined;
  readonly gatesMax?: number;
}

interface Newest {
  readonly at: number;
  readonly heardAt: MonotonicMs;
}

/** Reads what gates say of themselves. Where the site has keys, nobody else says it for them, and nobody says again what they said before. */
export class InfoReader {
  readonly #parts: InfoReaderParts;
  /** At most {@link GATES_MAX}, only of what was signed. */
  readonly #newest = new Map<string, Newest>();

  constructor(parts: InfoReaderParts) {
    this.#parts = parts;
  }

  /** @returns undefined where it cannot be read: it is that gate's problem */
  read(gate: string, payload: Uint8Array): HeardInfo | undefined {
    if (payload.byteLength === 0 || payload.byteLength > PAYLOAD_MAX) return undefined;
    const json = parseJson(payload);
    const info = json.ok ? infoSchema.safeParse(json.value).data : undefined;
    if (!json.ok || !info) return undefined;
    const now = this.#parts.monotonic();
    if (!this.#parts.keyring) return { info, worth: 'counts', heardAt: now };
    return { info, ...this.#worth(gate, info, json.value as Readonly<Record<string, unknown>>, now) };
  }

  #worth(
    gate: string,
    { at, key, signature }: Info,
    said: Readonly<Record<string, unknown>>,
    heardAt: MonotonicMs,
  ): Omit<HeardInfo, 'info'> {
    const { keyring, site, gate: own, gatesMax = GATES_MAX } = this.#parts;
    const atMs = Date.parse(at ?? '');
    if (Number.isNaN(atMs)) return { worth: 'unsigned', heardAt };
    const newest = this.#newestOf(gate);
    const untimely = this.#isUntimely(atMs);
    const isThere = newest !== undefined && heardAt - newest.heardAt < SILENT_MS;
    // Cheaper than a signature, and what was said before can be sent again by anybody.
    if (newest && atMs < newest.at && (isThere || !untimely)) return { worth: 'old', heardAt };
    const text = () => gateText(site, gate, 'info', said);
    const verdict = keyring?.check({ key, signature, text }, ['gate'], { gate, madeMs: atMs });
    if (verdict?.ok === false) return { worth: 'unsigned', heardAt };
    if (untimely) return { worth: 'untimely', heardAt, signed: { atMs, offMs: atMs - (this.#parts.now() ?? atMs) } };
    if (newest?.at === atMs) return { worth: 'counts', heardAt: newest.heardAt };
    if (gate === own) return { worth: 'counts', heardAt };
    if (newest === undefined && this.#newest.size >= gatesMax) return { worth: 'old', heardAt };
    this.#newest.set(gate, { at: atMs, heardAt });
    return { worth: 'counts', heardAt };
  }

  /** What came from the future while this gate's clock was not trusted keeps nobody silent once it is. */
  #newestOf(gate: string): Newest | undefined {
    const newest = this.#newest.get(gate);
    return newest && !this.#isUntimely(newest.at, 'ahead') ? newest : undefined;
  }

  #isUntimely(atMs: number, which: 'both' | 'ahead' = 'both'): boolean {
    const now = this.#parts.now();
    if (now === undefined) return false;
    return atMs > now + LIFETIME_MAX_MS || (which === 'both' && atMs < now - LIFETIME_MAX_MS);
  }
}
