/** One line of a file that grows line by line, sealed by itself: nonce, content, tag in base64. */
import { createCipheriv, createDecipheriv, randomBytes, randomFillSync } from 'node:crypto';
import { type SealKey, subKey } from './seal-key.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals and opens lines of one purpose. `place` is authenticated: a line does not open at another place. */
export class LineSeal {
  readonly id: string;
  readonly #secret: Buffer;
  readonly #purpose: string;

  constructor(key: SealKey, purpose: string) {
    this.id = key.id;
    this.#secret = subKey(key, Buffer.alloc(0), `lines of ${purpose}`);
    this.#purpose = purpose;
  }

  seal(place: number, text: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#secret, nonce).setAAD(this.#extra(place));
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
  }

  /** @returns undefined where it was changed, or belongs to another place or key */
  open(place: number, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const end = bytes.length - TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', this.#secret, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(this.#extra(place)).setAuthTag(bytes.subarray(end));
    const text = decipher.update(bytes.subarray(NONCE_BYTES, end));
    try {
      decipher.final();
    } catch {
      // The caller says which line it is; there is nothing more to know.
      return undefined;
    }
    return text.toString('utf8');
  }

  /** Nothing opens any more. Whoever still seals with it does so with a key that nobody has, never with one that everybody knows. */
  forget(): void {
    randomFillSync(this.#secret);
  }

  #extra(place: number): Buffer {
    return Buffer.from(`${this.#purpose} ${place}`, 'utf8');
  }
}
