/** Seals what tells of people while it lies at the broker: AES-256-GCM with a key of its own for each record, derived from the secret of the site. */

import type { SealKey } from '../kit/sealing/seal-key.js';
import { LineSeal } from '../kit/sealing/sealed-line.js';

/** Which record it is: one that is put in the place of another, or of another version, does not open. */
export interface RecordPlace {
  readonly site: string;
  readonly kind: string;
  readonly id: string;
  readonly version: string;
}

const SEALED = /^([0-9a-f]{16})\.([A-Za-z0-9+/]+={0,2})$/;

export class RecordSeal {
  readonly #key: SealKey;
  readonly #known: ReadonlyMap<string, SealKey>;

  /** @param older secrets whose records can be read, but are not written any more */
  constructor(key: SealKey, older: readonly SealKey[] = []) {
    this.#key = key;
    this.#known = new Map([...older, key].map((each) => [each.id, each]));
  }

  /** @returns the id of the secret, a full stop, and base64 of nonce (12 bytes), sealed text and tag (16) */
  seal(place: RecordPlace, text: string): string {
    return `${this.#key.id}.${lineSeal(this.#key, place).seal(0, text)}`;
  }

  /** @returns undefined where it was changed, stands in the place of another, or its secret is not known here */
  open(place: RecordPlace, sealed: string): string | undefined {
    const [, id, text] = SEALED.exec(sealed) ?? [];
    const key = id === undefined ? undefined : this.#known.get(id);
    return key && text !== undefined ? lineSeal(key, place).open(0, text) : undefined;
  }

  /** Whether it is sealed with the secret that is in use. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${this.#key.id}.`);
  }
}

const lineSeal = (key: SealKey, { site, kind, id, version }: RecordPlace): LineSeal =>
  new LineSeal(key, `${kind} ${id} ${version} of the site ${site}`);
