import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeVector, encodeVector } from '../../src/kit/vector.js';
import { templateSchema } from '../../src/person/person.js';
import { InvalidPeople, personText, readPerson, vectorFault } from '../../src/store/record.js';
import { person, template, version } from './sample.js';

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('the numbers of a template', () => {
  test('every vector that can be stored is accepted', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 1024 }), (values) => {
        expect(vectorFault(encodeVector(Float32Array.from(values)))).toBeUndefined();
      }),
    );
  });

  test('a vector that the schema refuses is never accepted, and an accepted one decodes to finite numbers', () => {
    const good = encodeVector(Float32Array.from([1, 2, 3]));
    const spoilt = fc
      .tuple(fc.nat(good.length - 1), fc.nat(2), fc.string({ unit: 'binary', maxLength: 4 }))
      .map(([at, gone, put]) => good.slice(0, at) + put + good.slice(at + gone));
    const close = fc.string({ unit: fc.constantFrom(...'AB+/=-_ \nŁÁ'), maxLength: 24 });
    fc.assert(
      fc.property(fc.oneof(spoilt, close), (vector) => {
        if (vectorFault(vector) !== undefined) return;
        expect(templateSchema.safeParse({ ...template(0), vector }).success).toBe(true);
        expect([...decodeVector(vector)].every(Number.isFinite)).toBe(true);
        expect(vector).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['an empty text', '', 'not whole base64'],
    ['base64url', 'AA-_AACAPwAAAEA=', 'not whole base64'],
    ['a blank inside', 'AACA PwAAAEAAAA==', 'not whole base64'],
    ['a character whose low byte is a base64 letter', 'ŁAAAAAAAAAAAAAAA', 'not whole base64'],
    ['missing padding', 'AACAPwAAAE', 'not whole base64'],
    ['padding in the middle', 'AA==AACAPwAAAAAA', 'not whole base64'],
    ['half a number', 'AACAPwAA', 'not whole 4-byte numbers'],
    ['NaN', encodeVector(Float32Array.from([1, Number.NaN])), 'not finite'],
    ['infinity', encodeVector(Float32Array.from([Number.NEGATIVE_INFINITY])), 'not finite'],
    ['more than 1024 numbers', encodeVector(new Float32Array(1026)), 'not whole base64'],
  ])('%s is refused', (_what, vector, why) => {
    expect(vectorFault(vector)).toContain(why);
  });
});

describe('a person record', () => {
  const ada = person('ada', version(1));

  test('is read back as it was written', () => {
    expect(readPerson(JSON.parse(personText(ada)))).toEqual(ada);
  });

  test('has the same text in whatever order its keys are', () => {
    const turned = Object.fromEntries(Object.entries(ada).reverse()) as typeof ada;
    expect(personText(turned)).toBe(personText(ada));
  });

  test.each([
    ['an id with capitals', { id: 'Ada' }, 'id: '],
    ['a name of control characters', { name: 'A\u0007da' }, 'name: '],
    ['eleven templates', { templates: Array.from({ length: 11 }, () => template(0)) }, 'templates: '],
    ['a version of another kind', { version: '7' }, 'version: '],
    ['a damaged vector', { templates: [template(0), { ...template(0), vector: 'AA' }] }, 'templates.1.vector: '],
  ])('%s is refused, and the message says where', (_what, change, where) => {
    const read = () => readPerson({ ...ada, ...change });
    expect(read).toThrow(InvalidPeople);
    expect(read).toThrow(where);
  });
});
