import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BATCH_MAX, buildBatch, draftOf } from '../../src/journal/batch.js';
import { decodeLine, type FieldValue, fitFields, GENESIS, LINE_MAX } from '../../src/journal/entry.js';
import { personalUpTo, withoutPerson } from '../../src/journal/erasing.js';
import { personalBytes, readPersonal } from '../../src/journal/personal.js';
import { BATCH_BYTES_MAX, splitLines, wholeBytes } from '../../src/journal/segment.js';

const TIME = '2026-11-24T08:00:00.000Z';
const salt = () => 'ab'.repeat(32);
const lineOf = (fields: Record<string, FieldValue | undefined>) => {
  const draft = draftOf({ type: 'granted', fields }, TIME, 12.4);
  return splitLines(buildBatch({ n: 0, hash: GENESIS }, 'boot-1', [draft], salt).chain).lines[0] ?? Buffer.alloc(0);
};

test('a line looks as documented', () => {
  expect(lineOf({ reason: null, distance: 0.5 }).toString()).toBe(
    `{"v":1,"n":1,"time":"${TIME}","mono":12,"boot":"boot-1","type":"granted","fields":{"distance":0.5,"reason":null},"prev":"${GENESIS}"}`,
  );
});

test.each<[string, (line: string) => string]>([
  ['a space', (line) => line.replace(':1', ': 1')],
  ['an unknown key', (line) => line.replace('"v":1', '"v":1,"x":2')],
  ['another order', (line) => line.replace('"v":1,"n":1', '"n":1,"v":1')],
  ['a field twice', (line) => line.replace('"a":1', '"a":1,"a":1')],
  ['another version', (line) => line.replace('"v":1', '"v":2')],
  ['an escape', (line) => line.replace('granted', '\\u0067ranted')],
  ['the number 0', (line) => line.replace('"n":1', '"n":0')],
])('a line with %s is refused', (_what, change) => {
  const line = lineOf({ a: 1 }).toString();
  expect(change(line)).not.toBe(line);
  expect(decodeLine(Buffer.from(change(line)))).toHaveProperty('why');
  expect(decodeLine(Buffer.from(line))).toHaveProperty('entry');
});

const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 700 }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.array(fc.oneof(fc.string(), fc.double()), { maxLength: 30 }),
);

test('whatever fields are given, the line fits and reads back as it was written', () => {
  const property = fc.property(fc.dictionary(fc.string(), value, { maxKeys: 40 }), (fields) => {
    const line = lineOf(fields);
    expect(line.length).toBeLessThanOrEqual(LINE_MAX);
    const decoded = decodeLine(line);
    expect('entry' in decoded && decoded.entry.fields).toEqual(fitFields(fields));
  });
  fc.assert(property, { numRuns: 300 });
});

test('the largest batch is no larger than the damage that a power cut may do', () => {
  expect(BATCH_MAX * (LINE_MAX + 1)).toBeLessThanOrEqual(BATCH_BYTES_MAX);
});

test('fields that do not fit are cut, and the entry says so', () => {
  expect(fitFields({ text: 'x'.repeat(301) })).toEqual({ text: 'x'.repeat(300), cut: true });
  expect(fitFields({ 'no key': 1, ok: 2 })).toEqual({ ok: 2, cut: true });
  expect(fitFields({ distance: Number.NaN, gone: undefined })).toEqual({ distance: null, cut: true });
  expect(fitFields({ list: [Number.NaN, 'x'] })).toEqual({ list: ['not finite', 'x'], cut: true });
});

test('a negative zero, which JSON does not know, is a zero, in a list as well', () => {
  expect(fitFields({ distance: -0, list: [-0, 1] })).toEqual({ distance: 0, list: [0, 1] });
});

test('an event whose name is not allowed is recorded all the same', () => {
  expect(draftOf({ type: 'Not A Type' }, TIME, 0).type).toBe('unnamed');
});

test.each<[string, Buffer, number]>([
  ['nothing', Buffer.from(''), 0],
  ['whole lines', Buffer.from('a\nb\n'), 4],
  ['half a line', Buffer.from('a\nb'), 2],
  ['only half a line', Buffer.from('ab'), 0],
  ['NUL bytes at the end', Buffer.from('a\nb\0\0\0'), 2],
  ['NUL bytes, then whole lines of the same batch', Buffer.from('a\n\0\0\nb\n'), 2],
  ['nothing but NUL bytes', Buffer.from('\0\0\0'), 0],
  [
    'NUL bytes far from the end (not from a power cut)',
    Buffer.from(`\0\n${'b'.repeat(BATCH_BYTES_MAX)}\n`),
    BATCH_BYTES_MAX + 3,
  ],
])('after a power cut, a file with %s keeps its whole lines', (_what, bytes, whole) => {
  expect(wholeBytes(bytes)).toBe(whole);
});

const personal = (n: number, fields: Record<string, FieldValue>) => ({ n, salt: salt(), fields });

test('only lines with the id of the person are removed, not lines with that id as a name or in a text', () => {
  const lines = [
    personal(1, { person: 'ada', name: 'Ada' }),
    personal(2, { person: 'ada-2', name: 'ada' }),
    personal(3, { person: 'bob', note: '"person":"ada"' }),
    personal(4, { other: 'ada', person: 'eve' }),
    personal(5, { people: ['bob', 'ada'], by: ['office', 'ada'] }),
    personal(6, { people: ['bob', 'ada-2'], by: ['ada', 'office'] }),
    personal(7, { people: ['ada'], by: ['office'] }),
  ];
  const { bytes, count } = withoutPerson(personalBytes(lines), 'ada');
  expect(count).toBe(4);
  expect(readPersonal(bytes).lines.map(({ n }) => n)).toEqual([2, 3, 6]);
});

test('personal fields of entries that were never written are cut off', () => {
  const bytes = personalBytes([personal(1, { a: 1 }), personal(3, { a: 1 })]);
  const one = personalBytes([personal(1, { a: 1 })]).length;
  expect(personalUpTo(bytes, 3)).toBe(bytes.length);
  expect(personalUpTo(bytes, 2)).toBe(one);
  expect(personalUpTo(bytes, 0)).toBe(0);
  expect(personalUpTo(Buffer.concat([bytes, Buffer.from('{"n":3')]), 3)).toBe(bytes.length);
  expect(personalUpTo(Buffer.concat([bytes, Buffer.from('\0\0\n')]), 3)).toBe(bytes.length);
  expect(personalUpTo(Buffer.from('\n'), 3)).toBe(0);
});
