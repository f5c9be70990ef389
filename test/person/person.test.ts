import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idFor, personIdSchema, personNameSchema } from '../../src/person/person.js';

describe('ids', () => {
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

  test.each(['', '-ada', '_ada', 'Ada', 'a/b', '..', 'a'.repeat(65), 'ada\n', 'é'])('"%s" is not an id', (id) => {
    expect(personIdSchema.safeParse(id).success).toBe(false);
  });
});

describe('names', () => {
  test.each([
    ['Ada', 'Ada'],
    ['  Ada  ', 'Ada'],
    ['Jose\u0301', 'José'],
    ['王小明', '王小明'],
    ['𠮷'.repeat(80), '𠮷'.repeat(80)],
  ])('%j is taken as %j', (given, taken) => {
    expect(personNameSchema.parse(given)).toBe(taken);
  });

  test.each(['', '   ', 'a\nb', 'a\u0000', 'right\u202eleft', 'x'.repeat(81), '\ud800'])('%j is not a name', (name) => {
    expect(personNameSchema.safeParse(name).success).toBe(false);
  });

  test('a normalised name is not changed again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 90 }), (given) => {
        const once = personNameSchema.safeParse(given);
        if (once.success) expect(personNameSchema.parse(once.data)).toBe(once.data);
      }),
    );
  });
});
