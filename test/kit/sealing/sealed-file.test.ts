import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { keyText, makeSealKey, parseSealKey } from '../../../src/kit/sealing/seal-key.js';
import {
  CHUNK_BYTES,
  DamagedSeal,
  HEAD_BYTES,
  isSealed,
  keyIdOf,
  START_BYTES,
  seal,
  unseal,
  unsealStart,
} from '../../../src/kit/sealing/sealed-file.js';
import { LineSeal } from '../../../src/kit/sealing/sealed-line.js';

const KEY = makeSealKey(randomBytes(32));
const SEALED_CHUNK = CHUNK_BYTES + 16;

async function sealed(content: Buffer, purpose = 'people', key = KEY): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of seal([content], key, purpose)) parts.push(part);
  return Buffer.concat(parts);
}

describe('a sealed file', () => {
  test.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 1_000_000])(
    'of %d bytes opens to what was sealed, and holds nothing of it',
    async (length) => {
      const content = randomBytes(length);
      const file = await sealed(content);
      expect(isSealed(file)).toBe(true);
      expect(keyIdOf(file)).toBe(KEY.id);
      expect((await unseal(file, KEY, 'people')).equals(content)).toBe(true);
      const start = unsealStart(file.subarray(0, START_BYTES), KEY, 'people');
      expect(start.equals(content.subarray(0, CHUNK_BYTES))).toBe(true);
      if (length >= 16) expect(file.indexOf(content.subarray(0, 16))).toBe(-1);
    },
  );

  test('does not matter in which pieces it comes', async () => {
    const text = 'Ada Lovelace, 王小明. '.repeat(20_000);
    const parts: Buffer[] = [];
    const pieces = Array.from({ length: 100 }, (_, i) =>
      text.slice((i * text.length) / 100, ((i + 1) * text.length) / 100),
    );
    for await (const part of seal(pieces, KEY, 'people')) parts.push(part);
    expect((await unseal(Buffer.concat(parts), KEY, 'people')).toString('utf8')).toBe(text);
  });

  test('is another one each time, and opens for no other purpose or key', async () => {
    const content = Buffer.from('the same');
    const [one, two] = [await sealed(content), await sealed(content)];
    expect(one.subarray(HEAD_BYTES).equals(two.subarray(HEAD_BYTES))).toBe(false);
    await expect(unseal(one, KEY, 'passages')).rejects.toThrow(DamagedSeal);
    await expect(unseal(one, makeSealKey(randomBytes(32)), 'people')).rejects.toThrow(DamagedSeal);
  });

  test('that was changed anywhere does not open', async () => {
    const file = await sealed(randomBytes(2 * CHUNK_BYTES + 10));
    for (const at of [8, 16, 32, 38, HEAD_BYTES, HEAD_BYTES + CHUNK_BYTES + 3, file.length - 1]) {
      const changed = Buffer.from(file);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(unseal(changed, KEY, 'people')).rejects.toThrow(DamagedSeal);
    }
  });

  test('that was cut off, also between two chunks, or whose chunks were swapped, doubled or left out does not open', async () => {
    const file = await sealed(randomBytes(3 * CHUNK_BYTES));
    const head = file.subarray(0, HEAD_BYTES);
    const chunks = [0, 1, 2].map((i) =>
      file.subarray(HEAD_BYTES + i * SEALED_CHUNK, HEAD_BYTES + (i + 1) * SEALED_CHUNK),
    );
    const [a, b, c] = chunks as [Buffer, Buffer, Buffer];
    const wrong = [[], [a], [a, b], [b, a, c], [a, c], [a, b, b, c], [a, b, c.subarray(0, 100)], [a, b, c, c]];
    for (const made of wrong)
      await expect(unseal(Buffer.concat([head, ...made]), KEY, 'people')).rejects.toThrow(DamagedSeal);
    expect(await unseal(Buffer.concat([head, a, b, c]), KEY, 'people')).toHaveLength(3 * CHUNK_BYTES);
  });

  test('a plain file is none', () => {
    expect(isSealed(Buffer.from('{"schema":1}'))).toBe(false);
    expect(isSealed(Buffer.from('KMNSEAL'))).toBe(false);
    expect(isSealed(Buffer.alloc(0))).toBe(false);
  });
});

describe('a key', () => {
  test('is read as it was written, in base64 or as 32 bytes', () => {
    const secret = randomBytes(32);
    expect(parseSealKey(Buffer.from(keyText(secret)))).toEqual(makeSealKey(secret));
    expect(parseSealKey(secret)).toEqual(makeSealKey(secret));
  });

  test.each(['', 'secret', 'A'.repeat(44), `${'A'.repeat(42)}==`])('%j is none', (text) => {
    expect(parseSealKey(Buffer.from(text))).toBeUndefined();
  });
});

describe('a sealed line', () => {
  test('opens at its place only, for its purpose, with its key, unchanged', () => {
    const lines = new LineSeal(KEY, 'journal');
    const line = lines.seal(7, 'Ada');
    expect(lines.open(7, line)).toBe('Ada');
    expect(lines.seal(7, 'Ada')).not.toBe(line);
    expect(lines.open(8, line)).toBeUndefined();
    expect(new LineSeal(KEY, 'other').open(7, line)).toBeUndefined();
    expect(new LineSeal(makeSealKey(randomBytes(32)), 'journal').open(7, line)).toBeUndefined();
    expect(lines.open(7, line.slice(0, -8))).toBeUndefined();
    expect(lines.open(7, '')).toBeUndefined();
  });
});
