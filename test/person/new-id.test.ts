import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idFor, newId, randomId } from '../../src/person/new-id.js';
import { personIdSchema } from '../../src/person/person.js';

describe('ids at random', () => {
  test('ten letters of the 32, each from five bits, and nothing of the name', () => {
    const bytes = Uint8Array.from([0, 31, 32, 255, 16, 17, 18, 19, 20, 21]);
    expect(
      randomId(
        () => false,
        () => bytes,
      ),
    ).toBe('p-0z0zghjkmn');
    expect(
      newId(
        'random',
        'Ada',
        () => false,
        () => bytes,
      ),
    ).toBe('p-0z0zghjkmn');
  });

  test('one that is or was in use is drawn again', () => {
    let draws = 0;
    const random = (count: number) => new Uint8Array(count).fill(draws++);
    expect(randomId((id) => id === 'p-0000000000', random)).toBe('p-1111111111');
  });

  test('a thousand draws give a thousand valid ids', () => {
    const ids = new Set(Array.from({ length: 1000 }, () => randomId(() => false, randomBytes)));
    expect(ids.size).toBe(1000);
    for (const id of ids) expect(personIdSchema.safeParse(id).success).toBe(true);
  });
});

describe('ids from names, where asked for', () => {
  test.each([
    ['Ada Lovelace', 'ada-lovelace'],
    ['  José  Ángel Núñez ', 'jose-angel-nunez'],
    ['王小明', 'person'],
    ['!!!', 'person'],
    ['', 'person'],
    ['-x-', 'x'],
    ['ＡＢＣ', 'abc'],
    ['R2-D2', 'r2-d2'],
  ])('"%s" becomes "%s"', (name, id) => {
    expect(idFor(name, () => false)).toBe(id);
  });

  test('an id that is or was in use gets a number appended', () => {
    const used = new Set(['ada', 'ada-2', 'ada-3']);
    expect(idFor('Ada', (id) => used.has(id))).toBe('ada-4');
  });

  test('any name gives a valid id, and a hundred people of one name get a hundred ids', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (name) => {
        const ids = new Set<string>();
        for (let i = 0; i < 100; i++) ids.add(idFor(name, (id) => ids.has(id)));
        expect(ids.size).toBe(100);
        for (const id of ids) expect(personIdSchema.safeParse(id).error).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });
});
