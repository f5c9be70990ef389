import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { personIdSchema, personNameSchema } from '../../src/person/person.js';

describe('ids', () => {
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
