import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { auditJournal } from '../../src/journal/audit/audit.js';
import type { Fault } from '../../src/journal/faults.js';
import { writtenJournal } from './harness.js';
import { MemoryDisk } from './memory-disk.js';

type Files = ReadonlyMap<string, Buffer>;

const PEOPLE = Array.from({ length: 12 }, (_, i) => `person-${i}`);
const SEGMENT = /^\d{12}\.jsonl$/;
/** 12 entries in files of three or four lines, closed. */
let whole: Files;
beforeAll(async () => {
  const { disk } = await writtenJournal(PEOPLE);
  whole = new Map(Array.from(disk.files, ([name, { bytes }]) => [name, bytes]));
});

const audit = (files: Files) => auditJournal(MemoryDisk.of(files));
const segments = (files: Files) => [...files.keys()].filter((name) => SEGMENT.test(name)).sort();
const linesOf = (files: Files, name: string) => (files.get(name)?.toString('utf8') ?? '').split('\n').slice(0, -1);
const withLines = (name: string, lines: readonly string[]): Files =>
  new Map([...whole, [name, Buffer.from(lines.map((line) => `${line}\n`).join(''))]]);
const without = (...names: string[]): Files => new Map([...whole].filter(([name]) => !names.includes(name)));
/** Where entry `n` stands. */
function placeOf(n: number) {
  for (const file of segments(whole)) {
    const line = linesOf(whole, file).findIndex((text) => text.includes(`"n":${n},`)) + 1;
    if (line > 0) return { file, line };
  }
  throw new Error(`no entry ${n}`);
}
const first = async (files: Files): Promise<Fault | undefined> => (await audit(files)).faults[0];

test('an untouched journal is whole', async () => {
  expect(await audit(whole)).toMatchObject({ ok: true, entries: 12, first: 1, last: 12, faults: [] });
  expect(segments(whole).length).toBeGreaterThan(2);
});

describe('is found and named by file, line and number:', () => {
  test.each(PEOPLE.map((_, i) => i + 1))('a changed word in entry %i', async (n) => {
    const { file, line } = placeOf(n);
    const lines = linesOf(whole, file).map((text) =>
      text.includes(`"n":${n},`) ? text.replace('granted', 'refused') : text,
    );
    const { faults } = await audit(withLines(file, lines));
    expect(faults).toMatchObject([{ kind: 'changed', file, line, n }]);
  });

  test.each([1, 2, 3, 9])('another number in the first line of each file: %i', async (digit) => {
    for (const file of segments(whole)) {
      const [begin = '', ...rest] = linesOf(whole, file);
      const line = begin.replace(/"n":(\d)/, `"n":${digit}`);
      if (line !== begin) expect(await first(withLines(file, [line, ...rest]))).toMatchObject({ file, line: 1 });
    }
  });

  test.each([2, 5, 11])('a changed hash in entry %i', async (n) => {
    const { file, line } = placeOf(n);
    const swap = (text: string) => text.replace(/"prev":"(.)/, (_, c) => `"prev":"${c === 'a' ? 'b' : 'a'}`);
    const lines = linesOf(whole, file).map((text) => (text.includes(`"n":${n},`) ? swap(text) : text));
    expect((await audit(withLines(file, lines))).faults).toMatchObject([{ kind: 'changed', file, line, n }]);
  });

  test.each([1, 2, 5, 8])('a missing entry %i', async (n) => {
    const { file } = placeOf(n);
    const lines = linesOf(whole, file).filter((text) => !text.includes(`"n":${n},`));
    const found = await audit(withLines(file, lines));
    expect(found.ok).toBe(false);
    expect(found.faults.some((fault) => fault.kind === 'missing' && fault.n === n)).toBe(true);
  });

  test.each([1, 4, 12])('a doubled entry %i', async (n) => {
    const { file, line } = placeOf(n);
    const lines = linesOf(whole, file).flatMap((text) => (text.includes(`"n":${n},`) ? [text, text] : [text]));
    expect((await audit(withLines(file, lines))).faults).toMatchObject([{ kind: 'doubled', file, line: line + 1, n }]);
  });

  test('two exchanged lines', async () => {
    const [, file = ''] = segments(whole);
    const [a = '', b = '', ...rest] = linesOf(whole, file);
    const n = Number(file.slice(0, 12));
    const { faults } = await audit(withLines(file, [b, a, ...rest]));
    expect(faults.some((fault) => fault.kind === 'reordered' && fault.file === file && fault.n === n + 1)).toBe(true);
    const [c = '', d = '', e = '', ...others] = linesOf(whole, file);
    const inside = await audit(withLines(file, [c, e, d, ...others]));
    expect(inside.faults).toMatchObject([{ kind: 'reordered', file, line: 2, n: n + 2 }]);
  });

  test('a missing file in the middle, at the end and at the beginning', async () => {
    const names = segments(whole);
    const [start = '', middle = '', after = ''] = names;
    const end = names.at(-1) ?? '';
    expect(await first(without(middle))).toMatchObject({
      kind: 'missing',
      file: after,
      n: Number(middle.slice(0, 12)),
    });
    expect(await first(without(end))).toMatchObject({ kind: 'missing', n: Number(end.slice(0, 12)) });
    expect(await first(without(start))).toMatchObject({ kind: 'missing', n: 1 });
    expect(await first(without(...names))).toMatchObject({ kind: 'missing', n: 1 });
  });

  test('a file under another name', async () => {
    const [, file = ''] = segments(whole);
    const renamed = new Map([...without(file), ['000000000099.jsonl', whole.get(file) ?? Buffer.alloc(0)]]);
    expect((await audit(renamed)).ok).toBe(false);
  });

  test('a tail that was cut off, and a missing head', async () => {
    const { file } = placeOf(12);
    expect(await first(withLines(file, linesOf(whole, file).slice(0, -1)))).toMatchObject({ kind: 'missing', n: 12 });
    expect(await first(without('head.json'))).toMatchObject({ kind: 'mark', file: 'head.json' });
  });
});

test('a last line without its end counts as torn, not as changed; in an earlier file it is a fault', async () => {
  const { file } = placeOf(12);
  const torn = new Map([...whole, [file, Buffer.concat([whole.get(file) ?? Buffer.alloc(0), Buffer.from('{"v":1,')])]]);
  expect(await audit(torn)).toMatchObject({ ok: true, torn: { file, bytes: 7 } });
  const [start = ''] = segments(whole);
  const inside = new Map([...whole, [start, Buffer.concat([whole.get(start) ?? Buffer.alloc(0), Buffer.from('{')])]]);
  expect(await first(inside)).toMatchObject({ kind: 'torn', file: start });
});

test('any other byte at any place of any line is found, and the first fault names that line', async () => {
  const names = segments(whole);
  const property = fc.asyncProperty(
    fc.nat(names.length - 1),
    fc.nat(),
    fc.integer({ min: 1, max: 255 }),
    async (which, where, xor) => {
      const file = names[which] ?? '';
      const bytes = Buffer.from(whole.get(file) ?? Buffer.alloc(0));
      const at = where % bytes.length;
      const line = bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
      bytes.writeUInt8((bytes[at] ?? 0) ^ xor, at);
      const [fault] = (await audit(new Map([...whole, [file, bytes]]))).faults;
      expect(fault).toMatchObject({ file, line });
    },
  );
  await fc.assert(property, { numRuns: 2000 });
}, 300_000);

test('any line that is removed, repeated or moved elsewhere is found', async () => {
  const names = segments(whole);
  const property = fc.asyncProperty(
    fc.nat(names.length - 1),
    fc.nat(),
    fc.nat(),
    fc.nat(2),
    async (which, i, j, how) => {
      const file = names[which] ?? '';
      const lines = linesOf(whole, file);
      const [from, to] = [i % lines.length, j % lines.length];
      const [line = ''] = lines.slice(from, from + 1);
      if (how !== 1) lines.splice(from, 1);
      if (how !== 0) lines.splice(to, 0, line);
      fc.pre(how !== 2 || from !== to);
      expect((await audit(withLines(file, lines))).ok).toBe(false);
    },
  );
  await fc.assert(property, { numRuns: 100 });
}, 300_000);
