/**
 * A sealed file: AES-256-GCM in chunks, so that neither writing nor reading holds the event loop and nothing is believed before it was
 * checked. Head (39 bytes): `KMNSEAL` and the version, the id of the key (8), a salt (16), the beginning of the nonces (7). Then chunks
 * of 64 KiB, each with its tag of 16 bytes; the last one may be shorter. Each write has a key of its own (HKDF of secret, salt and
 * purpose); a chunk's nonce is the beginning, its number (4) and whether it is the last one (1): chunks that are cut off, moved or
 * swapped with those of another file do not open. Head and purpose are authenticated with each chunk.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { KEY_ID_BYTES, type SealKey, subKey } from './seal-key.js';

const NAME = Buffer.from('KMNSEAL', 'latin1');
/** The version of the seal that is written, and the newest one that can be read. */
export const SEAL_VERSION = 1;
const MAGIC = Buffer.concat([NAME, Buffer.of(SEAL_VERSION)]);
const SALT_BYTES = 16;
const PREFIX_BYTES = 7;
const TAG_BYTES = 16;
/** Bytes sealed at a time: below a tenth of a millisecond on a PC, about two without instructions for AES (Raspberry Pi 4). */
export const CHUNK_BYTES = 64 * 1024;
export const HEAD_BYTES = MAGIC.length + KEY_ID_BYTES + SALT_BYTES + PREFIX_BYTES;

export type Chunks = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** A sealed file that was changed, cut, or belongs to another purpose; the message says which. */
export class DamagedSeal extends Error {
  override readonly name = 'DamagedSeal';
}

/** The version of the seal of a file that begins like a sealed one; undefined: it is plain. */
export const sealVersionOf = (bytes: Uint8Array): number | undefined =>
  NAME.equals(bytes.subarray(0, NAME.length)) ? bytes[NAME.length] || undefined : undefined;

/** Whether bytes begin like a sealed file, of whatever key and version. A file that begins otherwise is plain. */
export const isSealed = (bytes: Uint8Array): boolean => sealVersionOf(bytes) !== undefined;

/** The id of the key that a sealed file of this version needs, hexadecimal. */
export const keyIdOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(MAGIC.length, MAGIC.length + KEY_ID_BYTES)).toString('hex');

/**
 * Seals what `chunks` give. The key of the file is made now, not when the first chunk is asked for: `key` may be forgotten meanwhile.
 * @param purpose what it is, for instance `people`: the file opens for nothing else
 */
export function seal(chunks: Chunks, key: SealKey, purpose: string): AsyncGenerator<Buffer, void> {
  const salt = randomBytes(SALT_BYTES);
  const head = Buffer.concat([MAGIC, Buffer.from(key.id, 'hex'), salt, randomBytes(PREFIX_BYTES)]);
  return sealWith({ head, secret: subKey(key, salt, purpose), purpose }, chunks);
}

async function* sealWith(box: Box, chunks: Chunks): AsyncGenerator<Buffer, void> {
  try {
    yield box.head;
    let held = Buffer.alloc(0);
    let number = 0;
    for await (const chunk of chunks) {
      held = Buffer.concat([held, typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk]);
      // The last chunk must be known as the last: so much is always held back.
      for (; held.length > CHUNK_BYTES; held = held.subarray(CHUNK_BYTES))
        yield sealChunk(box, number++, false, held.subarray(0, CHUNK_BYTES));
    }
    yield sealChunk(box, number, true, held);
  } finally {
    box.secret.fill(0);
  }
}

/** So many bytes of a sealed file hold its first chunk, and one more that tells whether another follows. */
export const START_BYTES = HEAD_BYTES + CHUNK_BYTES + TAG_BYTES + 1;

/** The beginning of the content, from the first {@link START_BYTES} of a sealed file. What follows is not looked at. @throws DamagedSeal */
export function unsealStart(bytes: Buffer, key: SealKey, purpose: string): Buffer {
  const last = bytes.length < START_BYTES;
  return openChunk(boxOf(bytes, key, purpose), 0, last, bytes.subarray(HEAD_BYTES, START_BYTES - 1));
}

/** The content of a sealed file. @throws DamagedSeal */
export async function unseal(bytes: Buffer, key: SealKey, purpose: string): Promise<Buffer> {
  const box = boxOf(bytes, key, purpose);
  const count = Math.ceil((bytes.length - HEAD_BYTES) / (CHUNK_BYTES + TAG_BYTES));
  const plain = Buffer.allocUnsafe(Math.max(0, bytes.length - HEAD_BYTES - count * TAG_BYTES));
  for (let number = 0; number < count; number++) {
    const at = HEAD_BYTES + number * (CHUNK_BYTES + TAG_BYTES);
    const last = number === count - 1;
    const sealed = bytes.subarray(at, last ? bytes.length : at + CHUNK_BYTES + TAG_BYTES);
    openChunk(box, number, last, sealed).copy(plain, number * CHUNK_BYTES);
    await breathe();
  }
  return plain;
}

function boxOf(bytes: Buffer, key: SealKey, purpose: string): Box {
  if (sealVersionOf(bytes) !== SEAL_VERSION || bytes.length < HEAD_BYTES + TAG_BYTES)
    throw new DamagedSeal('it is cut off');
  const head = bytes.subarray(0, HEAD_BYTES);
  const saltAt = MAGIC.length + KEY_ID_BYTES;
  return { head, secret: subKey(key, head.subarray(saltAt, saltAt + SALT_BYTES), purpose), purpose };
}

interface Box {
  readonly head: Buffer;
  readonly secret: Buffer;
  readonly purpose: string;
}

function nonceOf({ head }: Box, number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  head.copy(nonce, 0, HEAD_BYTES - PREFIX_BYTES);
  nonce.writeUInt32BE(number, PREFIX_BYTES);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

const extraOf = ({ head, purpose }: Box): Buffer => Buffer.concat([head, Buffer.from(purpose, 'utf8')]);

function sealChunk(box: Box, number: number, last: boolean, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', box.secret, nonceOf(box, number, last)).setAAD(extraOf(box));
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function openChunk(box: Box, number: number, last: boolean, sealed: Buffer): Buffer {
  const end = sealed.length - TAG_BYTES;
  if (end < 0) throw new DamagedSeal('it is cut off');
  const decipher = createDecipheriv('aes-256-gcm', box.secret, nonceOf(box, number, last), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(extraOf(box)).setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch (cause) {
    throw new DamagedSeal('it was changed or cut off, or is not the file that it stands for', { cause });
  }
  return plain;
}
