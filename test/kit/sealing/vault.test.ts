import { describe, expect, test } from 'vitest';
import { OperatingError } from '../../../src/kit/errors.js';
import { makeSealKey } from '../../../src/kit/sealing/seal-key.js';
import { CHUNK_BYTES, type Chunks, unseal } from '../../../src/kit/sealing/sealed-file.js';
import { Vault } from '../../../src/kit/sealing/vault.js';

const GONE = new OperatingError('KAIMON_SEAL_KEY', 'the key was destroyed');
const vaultWithKey = () => {
  // A vault forgets by overwriting: each has a secret of its own.
  const [key, mine] = [makeSealKey(Buffer.alloc(32, 7)), makeSealKey(Buffer.alloc(32, 7))];
  return { vault: Vault.sealing(key), key, mine };
};
async function collect(chunks: Chunks, after?: (parts: number) => void): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) {
    parts.push(Buffer.from(chunk as Buffer));
    after?.(parts.length);
  }
  return Buffer.concat(parts);
}

describe('a key that is forgotten', () => {
  test('before the first chunk is asked for: the write fails', async () => {
    const { vault } = vaultWithKey();
    const chunks = vault.sealed('people', ['Ada']);
    vault.lock(GONE);
    await expect(collect(chunks)).rejects.toBe(GONE);
  });

  test('in the middle of a write: it fails', async () => {
    const { vault } = vaultWithKey();
    const chunks = vault.sealed('people', [Buffer.alloc(3 * CHUNK_BYTES)]);
    await expect(collect(chunks, (parts) => parts === 2 && vault.lock(GONE))).rejects.toBe(GONE);
  });

  test('is not left in memory, nor are zeros in its place', () => {
    const { vault, key, mine } = vaultWithKey();
    vault.lock(GONE);
    expect(key.secret.equals(mine.secret)).toBe(false);
    expect(key.secret.equals(Buffer.alloc(32))).toBe(false);
  });

  test('makes no file damaged that it sealed: it is locked', async () => {
    const { vault } = vaultWithKey();
    const bytes = await collect(vault.sealed('people', ['Ada']));
    vault.lock(GONE);
    await expect(vault.opened('people', bytes, 'people.json')).rejects.toMatchObject({ code: 'KAIMON_SEAL_KEY' });
  });

  test('opens no line any more, nor do the keys that were made of it; later lines are of a key that nobody has', () => {
    const { vault, mine } = vaultWithKey();
    const lines = vault.lines('journal');
    const [write, known] = [lines.write, lines.known(mine.id)];
    const line = write?.seal(7, 'Ada') ?? '';
    expect(known?.open(7, line)).toBe('Ada');
    vault.lock(GONE);
    expect([lines.known(mine.id), known?.open(7, line), write?.open(7, line)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const later = lines.write;
    expect(later?.id).not.toBe(mine.id);
    const again = Vault.sealing(mine).lines('journal').known(mine.id);
    expect([again?.open(7, line), again?.open(8, later?.seal(8, 'Eve') ?? '')]).toEqual(['Ada', undefined]);
  });
});

test('the key of a file is made before the first chunk is asked for', async () => {
  const { vault, mine } = vaultWithKey();
  expect((await unseal(await collect(vault.sealed('people', ['Ada'])), mine, 'people')).toString()).toBe('Ada');
});
