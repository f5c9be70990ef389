import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Endings } from '../../../src/kit/endings.js';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { LINES_MAX, lineOf, MARKS_MAX } from '../../../src/site/requests/refused-requests.js';
import { openSeenRequests, seenSchema } from '../../../src/site/requests/seen-file.js';
import { tempFolder } from '../../store/sample.js';

const NOW = Date.UTC(2026, 10, 24, 8);
const ID = '3f2c1d0e-5a4b-4c3d-8e2f-1a0b9c8d7e6f';
const idOf = (n: number) => ID.replace('3f2c1d0e', String(n).padStart(8, '0'));
const LINE = lineOf('key:guard', 'open');

async function opened(state: string) {
  const [clock, endings, warnings] = [new ManualClock(NOW), new Endings(), [] as string[]];
  const requests = await openSeenRequests({ paths: { state }, clock, log: silentLog, endings, warnings });
  return { ...requests, clock, warnings, end: () => endings.close() };
}
const contentOf = async (state: string) => JSON.parse(await readFile(join(state, 'requests.json'), 'utf8'));

test('what was signed and refused is refused after a restart, single requests and spans of time', async () => {
  const state = await tempFolder();
  const first = await opened(state);
  for (let n = 0; n <= MARKS_MAX; n++) first.seen.refused.add(LINE, { id: idOf(n), madeMs: NOW + n * n }, NOW);
  first.keepSoon();
  await first.end();
  const { schema, refused } = await contentOf(state);
  expect([schema, refused[LINE].slice(0, 2)]).toEqual([
    2,
    [
      { from: '2026-11-24T08:00:00.000Z', to: '2026-11-24T08:00:00.001Z' },
      { made: '2026-11-24T08:00:00.004Z', id: idOf(2) },
    ],
  ]);
  const second = await opened(state);
  expect([...second.seen.refused.all]).toEqual([...first.seen.refused.all]);
  expect(second.warnings).toEqual([]);
  await second.end();
});

test('a file of the format before is read, kept, and written in the new one', async () => {
  const state = await tempFolder();
  const until = new Date(NOW + 60_000).toISOString();
  await writeFile(
    join(state, 'requests.json'),
    JSON.stringify({ schema: 1, requests: { [ID]: until }, forgotten: [] }),
  );
  const requests = await opened(state);
  expect(requests.warnings).toEqual([]);
  expect(requests.seen.isRepeated(ID, NOW + 60_000, NOW, true)).toBe(true);
  requests.keep();
  await requests.end();
  expect(await contentOf(state)).toEqual({ schema: 2, requests: { [ID]: until }, forgotten: [] });
  expect((await readdir(state)).filter((name) => /format-?1/.test(name))).toHaveLength(1);
});

test('refusals without end are written together', async () => {
  const state = await tempFolder();
  const requests = await opened(state);
  await requests.kept();
  for (let n = 0; n < 1_000; n++) {
    requests.seen.refused.add(LINE, { id: idOf(n), madeMs: NOW + n }, NOW);
    requests.keepSoon();
  }
  expect((await contentOf(state)).refused).toBeUndefined();
  requests.clock.advance(5_000);
  await requests.end();
  expect((await contentOf(state)).refused[LINE]).toHaveLength(MARKS_MAX);
});

test('a file that holds more than this version writes is not believed', () => {
  const empty = { schema: 2, requests: {}, forgotten: [] };
  const mark = { made: new Date(NOW).toISOString(), id: ID };
  const ok = (refused: object) => seenSchema.safeParse({ ...empty, refused }).success;
  expect(ok({ [LINE]: Array(MARKS_MAX).fill(mark) })).toBe(true);
  expect(ok({ [LINE]: Array(MARKS_MAX + 1).fill(mark) })).toBe(false);
  expect(ok(Object.fromEntries(Array.from({ length: LINES_MAX + 1 }, (_, n) => [`open ${n}`, [mark]])))).toBe(false);
  expect(ok({ [LINE]: [{ ...mark, from: mark.made }] })).toBe(false);
});
