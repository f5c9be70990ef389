import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTarball } from '../../src/models/tarball.js';
import { makeTarball } from './packages.js';

const good = makeTarball([
  { name: 'package/', text: '', type: '5' },
  { name: 'package/a.txt', text: 'first' },
  { name: 'package/empty.txt', text: '' },
  { name: 'package/b.txt', text: 'x'.repeat(1000) },
  { name: '../../etc/passwd', text: 'root' },
  { name: 'package/link.txt', text: '', type: '2' },
  { name: 'package/twice.txt', text: '1' },
  { name: 'package/twice.txt', text: '2' },
]);

function textOrRefusal(tgz: Uint8Array): string | undefined {
  try {
    return readTarball(tgz, ['package/a.txt']).get('package/a.txt')?.toString();
  } catch {
    return 'refused';
  }
}

describe('a package archive', () => {
  test('gives the files that are asked for, whole', () => {
    const found = readTarball(good, ['package/b.txt', 'package/a.txt', 'package/empty.txt']);
    expect(found.get('package/a.txt')?.toString()).toBe('first');
    expect(found.get('package/b.txt')?.toString()).toBe('x'.repeat(1000));
    expect(found.get('package/empty.txt')).toHaveLength(0);
    expect(found.size).toBe(3);
  });

  test.each([
    ['a file that is not there', 'package/c.txt', /has no file package\/c\.txt/],
    ['a link', 'package/link.txt', /link\.txt in the archive is no ordinary file/],
    ['a file that is there twice', 'package/twice.txt', /twice\.txt is in the archive twice/],
  ])('refuses %s', (_what, name, message) => {
    expect(() => readTarball(good, [name])).toThrow(message);
  });

  test('that was cut or damaged anywhere is refused or gives the right bytes, never wrong ones', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, cut) => {
        const damaged = cut ? good.subarray(0, at) : Buffer.from(good);
        if (!cut) damaged[at] = (damaged[at] as number) ^ change;
        expect(['refused', 'first']).toContain(textOrRefusal(damaged));
      }),
    );
  });
});
