/** The keys of a site as a gate knows them now: who has signed something, and whether that one may. */
import type { z } from 'zod';
import { messageOf } from '../kit/errors.js';
import { canonicalJson } from './canonical-json.js';
import { type CheckingKey, checkingKey, SIGNATURE } from './signing-key.js';
import {
  type Role,
  type TrustedKey,
  type TrustHead,
  type TrustList,
  trustHeadSchema,
  trustListSchema,
  trustText,
} from './trust-list.js';

/** What came signed. `key` and `signature` are as they arrived. */
export interface Signed {
  readonly key: unknown;
  readonly signature: unknown;
  /** What was signed; made only once the key is known. */
  readonly text: () => string;
}

export type SignatureVerdict =
  | { readonly ok: true; readonly name: string; readonly roles: readonly Role[] }
  | {
      readonly ok: false;
      readonly code: 'unsigned' | 'bad-signature' | 'not-allowed';
      readonly why: string;
      /** Whose signature it is, where that was right and something else is wrong. */
      readonly name?: string;
    };

/** Of a request: the gate that is asked, and when it says that it was made, in milliseconds. */
export interface Asked {
  readonly gate?: string;
  readonly madeMs?: number;
}

/** What became of a list that arrived. */
export type TrustVerdict =
  | { readonly kind: 'taken' | 'same' | 'older' }
  | { readonly kind: 'refused'; readonly why: string };

export interface KeyringParts {
  readonly site: string;
  /** Public keys of the site: a list signed with any of them counts. */
  readonly siteKeys: readonly string[];
  /** The wall clock in milliseconds. */
  readonly now: () => number;
}

export class Keyring {
  readonly #parts: KeyringParts;
  readonly #siteKeys: readonly CheckingKey[];
  readonly #keys = new Map<string, { readonly trusted: TrustedKey; readonly check: CheckingKey }>();
  #list: TrustList | undefined;
  /** In canonical JSON, fields of later versions included, so that it can be given on. */
  #text: string | undefined;

  /** @throws Error where a key of the site is no point of the curve */
  constructor(parts: KeyringParts) {
    this.#parts = parts;
    this.#siteKeys = parts.siteKeys.map(checkingKey);
  }

  /** The list in force; undefined before any was seen: then nobody is trusted. */
  get list(): TrustList | undefined {
    return this.#list;
  }

  /** The list in force as JSON. */
  get text(): string | undefined {
    return this.#text;
  }

  /** Takes a newer list over. @param document as JSON.parse gives it */
  take(document: unknown): TrustVerdict {
    // Cheapest first: whoever may write at the broker can send as many as he likes.
    const { data: head, error } = trustHeadSchema.safeParse(document);
    if (error) return refused(notOne(error));
    if (head.site !== this.#parts.site) return refused(`it is of the site "${head.site}"`);
    const known = this.#list?.serial ?? 0;
    // Whoever signed it: it is not looked at any further.
    if (head.serial < known) return { kind: 'older' };
    const wrong = this.#faultOf(head, document as Readonly<Record<string, unknown>>);
    if (wrong !== undefined) return refused(wrong);
    const text = canonicalOf(head, document as Readonly<Record<string, unknown>>);
    if (head.serial === known)
      return text === this.#text
        ? { kind: 'same' }
        : refused(
            `it is another list with the number ${known}: make the next change, for each list needs a greater number than the one before`,
          );
    const { data: list, error: fault } = trustListSchema.safeParse(document);
    if (fault) return refused(notOne(fault));
    let checks: ReadonlyMap<string, CheckingKey>;
    try {
      checks = new Map(list.keys.map(({ publicKey }) => checkingKey(publicKey)).map((key) => [key.id, key]));
    } catch (thrown) {
      return refused(`one of its keys cannot be used: ${messageOf(thrown)}`);
    }
    const odd = list.keys.find(({ id }) => !checks.has(id));
    if (odd) return refused(`the key of "${odd.name}" is not the one of its id`);
    this.#keys.clear();
    for (const trusted of list.keys)
      this.#keys.set(trusted.id, { trusted, check: checks.get(trusted.id) as CheckingKey });
    this.#list = list;
    this.#text = text;
    return { kind: 'taken' };
  }

  #faultOf({ key, signature }: TrustHead, document: Readonly<Record<string, unknown>>): string | undefined {
    const siteKey = this.#siteKeys.find(({ id }) => id === key);
    if (!siteKey) return `it is signed with the key ${key}, which is none of this site's (keys.siteKeys)`;
    try {
      return siteKey.verify(trustText(document), signature) ? undefined : 'its signature is wrong';
    } catch (thrown) {
      return messageOf(thrown);
    }
  }

  /**
   * Whether something was signed by one who has one of the roles.
   * @param roles any of them will do @param asked of a request: a key may be for some gates, and until some time only
   */
  check({ key, signature, text }: Signed, roles: readonly Role[], asked: Asked = {}): SignatureVerdict {
    if (key === undefined || signature === undefined)
      return bad('unsigned', 'this site takes only what is signed: fields key and signature (kaimon sign)');
    if (typeof key !== 'string' || typeof signature !== 'string' || !SIGNATURE.test(signature))
      return bad('bad-signature', 'key has 16 hexadecimal digits, signature 64 bytes in base64');
    const found = this.#keys.get(key);
    if (!found) return bad('bad-signature', `the key ${shown(key)} is not in the list of this site (${this.#which()})`);
    const { trusted, check } = found;
    const { name } = trusted;
    if (!verified(check, text, signature))
      return bad(
        'bad-signature',
        `the signature of "${name}" is wrong: it was changed, or made for another gate, site or verb`,
      );
    return this.#whyNot(trusted, roles, asked) ?? { ok: true, name, roles: trusted.roles };
  }

  /** Why a key of the list may not ask for something; undefined where it may. */
  #whyNot(
    trusted: TrustedKey,
    roles: readonly Role[],
    { gate, madeMs }: Asked,
  ): Extract<SignatureVerdict, { ok: false }> | undefined {
    const { id, name, revoked } = trusted;
    if (this.isRevoked(trusted, madeMs))
      return bad('bad-signature', `the key ${id} of "${name}" was revoked at ${revoked}`, name);
    if (!roles.some((role) => trusted.roles.includes(role)))
      return bad(
        'not-allowed',
        `"${name}" has the roles ${trusted.roles.join(', ') || '(none)'}; needed is ${roles.join(' or ')}`,
        name,
      );
    if (gate !== undefined && trusted.gates !== null && !trusted.gates.includes(gate))
      return bad('not-allowed', `"${name}" may ask ${trusted.gates.join(', ') || 'no gate'}, not ${gate}`, name);
    return undefined;
  }

  /** Whether a key that has signed something may still ask for it, by the list of now: what waits for its turn is asked of again. */
  may(key: unknown, roles: readonly Role[], asked: Asked): boolean {
    const trusted = typeof key === 'string' ? this.#keys.get(key)?.trusted : undefined;
    return trusted !== undefined && this.#whyNot(trusted, roles, asked) === undefined;
  }

  /** Whether a key of the list counts no more. */
  isRevoked({ revoked }: Pick<TrustedKey, 'revoked'>, madeMs?: number): boolean {
    return revoked !== null && this.#isOver(Date.parse(revoked), madeMs);
  }

  /** A date that had passed when the list was made has passed, whatever this gate's clock says. */
  #isOver(ms: number, madeMs: number | undefined): boolean {
    const issued = Date.parse(this.#list?.issued ?? '');
    return ms <= issued || ms <= this.#parts.now() || (madeMs !== undefined && ms <= madeMs);
  }

  #which(): string {
    return this.#list ? `number ${this.#list.serial} of ${this.#list.issued}` : 'no list has arrived yet';
  }
}

function verified(check: CheckingKey, text: () => string, signature: string): boolean {
  try {
    return check.verify(text(), signature);
  } catch (thrown) {
    // What has no canonical text cannot have been signed.
    if (thrown instanceof TypeError) return false;
    throw thrown;
  }
}

/** One text for one list, however its fields stood: the signature is over the canonical text, and spare bits of base64 are no part of it. */
const canonicalOf = ({ signature }: TrustHead, document: Readonly<Record<string, unknown>>): string =>
  canonicalJson({ ...document, signature: Buffer.from(signature, 'base64').toString('base64') });

const shown = (key: string): string => key.slice(0, 16).replace(/[^0-9a-f]/g, '?');
const notOne = ({ issues: [issue] }: z.ZodError): string =>
  `it is not a list of keys: ${issue?.path.join('.')}: ${issue?.message}`;
const refused = (why: string): TrustVerdict => ({ kind: 'refused', why });
const bad = (
  code: 'unsigned' | 'bad-signature' | 'not-allowed',
  why: string,
  name?: string,
): Extract<SignatureVerdict, { ok: false }> => ({
  ok: false,
  code,
  why,
  ...(name !== undefined && { name }),
});
