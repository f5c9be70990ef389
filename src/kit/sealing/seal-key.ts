// pure
import { hkdfSync } from 'node:crypto';

/** Bytes of a key. */
export const KEY_BYTES = 32;
/** Bytes of the name by which a sealed file says which key it needs. */
export const KEY_ID_BYTES = 8;

/** The secret of a gate, from which the keys of its files are derived. */
export interface SealKey {
  readonly secret: Buffer;
  /** Hexadecimal; tells nothing of the secret. */
  readonly id: string;
}

export const makeSealKey = (secret: Buffer): SealKey => ({
  secret,
  id: derive(secret, Buffer.alloc(0), 'key id', KEY_ID_BYTES).toString('hex'),
});

/** What a key file holds: 32 bytes in base64, one line, so that it can be printed and typed. */
export const keyText = (secret: Uint8Array): string => `${Buffer.from(secret).toString('base64')}\n`;

/** The key of a file: the line of {@link keyText}, or the 32 bytes as they are. @returns undefined for anything else */
export function parseSealKey(bytes: Buffer): SealKey | undefined {
  if (bytes.length === KEY_BYTES) return makeSealKey(Buffer.from(bytes));
  const text = bytes.toString('latin1').trim();
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return undefined;
  return makeSealKey(Buffer.from(text, 'base64'));
}

/** A key for one purpose: one of a file never opens another one. @param salt fresh for each write, or empty */
export const subKey = ({ secret }: SealKey, salt: Uint8Array, purpose: string): Buffer =>
  derive(secret, salt, `for ${purpose}`, KEY_BYTES);

const derive = (secret: Uint8Array, salt: Uint8Array, info: string, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, salt, `kaimon seal 1 ${info}`, length));
