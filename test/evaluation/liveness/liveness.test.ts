import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alteration } from '../../../src/evaluation/frames/alteration.js';
import { frameFigures, sourceFigures } from '../../../src/evaluation/liveness/frame-figures.js';
import {
  type JudgedTake,
  judgeTake,
  peopleFigures,
  takeFigures,
} from '../../../src/evaluation/liveness/liveness-figures.js';
import { parsePresentations, readPresentations, takenAtMs, takesOf } from '../../../src/evaluation/presentations.js';
import { seeded } from '../../../src/kit/seeded-random.js';
import { at, liveSample, printSample, scored } from '../../liveness/heads.js';

const HEAD = 'file,label,attack,person,seq,frame';
const csv = (...lines: string[]) => parsePresentations([HEAD, ...lines].join('\n'), 'manifest.csv');

describe('a set with a manifest.csv', () => {
  test('gives kinds, people and takes; frames cut out of a video are no take', () => {
    const shown = csv(
      'live/a1.jpg,live,,ada,t1,7',
      'live/a0.jpg,live,,ada,t1,3',
      'live/a.mov,live,,ada,a.mov,',
      'live/c.jpg,live,,ada,a.mov,4',
    );
    const set = {
      stills: shown.filter(({ file }) => file.endsWith('.jpg')),
      clips: shown.filter(({ file }) => file.endsWith('.mov')),
    };
    expect(set.stills).toHaveLength(3);
    expect(takesOf(set).map((take) => take.map(({ file }) => file))).toEqual([['live/a0.jpg', 'live/a1.jpg']]);
  });

  test('places the frames of a take by their own fps, else by the one that is given', () => {
    const text = 'file,label,person,seq,frame,fps\na.jpg,live,ada,t,5,2.5\nb.jpg,live,ada,t,5,\nc.jpg,live,ada,t,5,-1';
    expect(parsePresentations(text, 'm.csv').map((file) => takenAtMs(file, 20))).toEqual([2000, 250, 250]);
    expect(csv('live/a.jpg,live,,ada,t,5').map((file) => takenAtMs(file, 10))).toEqual([500]);
  });

  test.each([
    ['a file outside the folder', '../x.jpg,live,,a,b,0', /line 2: "\.\.\/x\.jpg"/],
    ['a file that is no picture', 'live/x.txt,live,,a,b,0', /no picture or video/],
    ['an unusable label', 'live/x.jpg,Live!,,a,b,0', /the label "Live!" is none/],
  ])('is refused for %s, naming the line', (_title, line, message) => expect(() => csv(line)).toThrow(message));

  test('is refused without the columns it needs', () => {
    expect(() => parsePresentations('file,label\nlive/a.jpg,live', 'm.csv')).toThrow(
      /no column "person", "seq", "frame"/,
    );
  });
});

describe('a set without a manifest.csv', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kaimon-test-'));
    await mkdir(join(folder, 'print', 'take1'), { recursive: true });
    for (const name of ['print/take1/2.jpg', 'print/take1/10.jpg', 'print/film.mp4', 'notes.txt'])
      await writeFile(join(folder, name), '');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('gets kinds, takes and videos from its folders', () => {
    const set = readPresentations(folder);
    expect(takesOf(set).map((take) => take.map(({ file }) => file))).toEqual([
      ['print/take1/2.jpg', 'print/take1/10.jpg'],
    ]);
    expect(set.clips).toMatchObject([{ file: 'print/film.mp4', kind: 'print', person: 'film' }]);
    expect(set.stills.map(({ person }) => person)).toEqual(['take1', 'take1']);
  });

  test('that holds nothing, or is not there, is refused', () => {
    expect(() => readPresentations(join(folder, 'print', 'take1'))).toThrow(/holds 0 pictures/);
    expect(() => readPresentations(join(folder, 'nowhere'))).toThrow(/cannot read the folder/);
  });
});

const times = (seconds: number) => Array.from({ length: seconds * 8 + 1 }, (_, i) => i * 125);
const ADA = { kind: 'live', person: 'ada' };

describe('a take', () => {
  test('of a living face is granted, with the time it took', () => {
    const take = judgeTake(
      ADA,
      times(3).map((ms) => ({ atMs: at(ms), look: liveSample(ms) })),
    );
    expect(take).toMatchObject({ reason: null });
    expect(take.atSeconds).toBeLessThanOrEqual(2);
  });

  test('of a print is refused as a spoof, one without a face for lack of a face', () => {
    const print = times(3).map((ms) => ({ atMs: at(ms), look: printSample(ms, -4) }));
    expect(judgeTake(ADA, print)).toMatchObject({ atSeconds: null, reason: 'spoof' });
    expect(judgeTake(ADA, [{ atMs: at(0), look: undefined }])).toMatchObject({ reason: 'no-face' });
    const unclear = times(3).map((ms) => ({ atMs: at(ms), look: printSample(ms, 2.5) }));
    expect(judgeTake(ADA, unclear)).toMatchObject({ atSeconds: null, reason: 'liveness-unknown: unsure' });
  });
});

describe('the figures', () => {
  const still = (kind: string, person: string, llr: number | undefined, source = '') => ({
    kind,
    person,
    source,
    liveness: llr === undefined ? undefined : scored(llr),
  });

  test('count attacks at or above what 5 % of the living frames lie below, among frames with a face', () => {
    const living = Array.from({ length: 20 }, (_, i) => still('live', `p${i}`, i));
    const { live, print } = frameFigures([
      ...living,
      { kind: 'live', person: 'b', source: '', liveness: { kind: 'unknown', why: 'fault' } },
      { kind: 'live', person: 'b', source: '', liveness: { kind: 'scored', llr: 30, doubt: 'dark' } },
      still('live', 'b', undefined),
      still('print', 'a', 0),
      still('print', 'a', -0.1),
    ]);
    expect(live).toMatchObject({ n: 23, noFace: 1, unknown: { fault: 1 }, doubt: { dark: 1 }, auc: undefined });
    expect(live?.error?.rate).toBeCloseTo(1 / 22);
    expect(print).toMatchObject({ n: 2, error: { rate: 0.5 } });
    expect(print?.auc).toBeCloseTo((0.5 + 1 + 20 * 2) / 44);
  });

  test('of a source: errors at the limit of the whole set, areas within the source', () => {
    const stills = [
      ...Array.from({ length: 20 }, (_, i) => still('live', `p${i}`, 10 + i, 'bright')),
      ...Array.from({ length: 20 }, (_, i) => still('live', `q${i}`, i / 10, 'dark')),
      still('print', 'a', 9, 'bright'),
      still('print', 'a', -1, 'dark'),
    ];
    const { bright, dark } = sourceFigures(stills);
    expect(bright?.['print']).toMatchObject({ n: 1, auc: 1, error: { rate: 1 } });
    expect(dark?.['print']).toMatchObject({ n: 1, auc: 1, error: { rate: 0 } });
    expect(sourceFigures(stills.filter(({ source }) => source === 'dark'))).toEqual({});
  });

  test('are none where there are no living frames to compare with', () => {
    expect(frameFigures([still('print', 'a', 1)])['print']).toMatchObject({ n: 1, error: undefined, auc: undefined });
  });

  test('of people: an attack succeeds when one of its takes does, a live person is refused when all takes are', () => {
    const take = (kind: string, person: string, atSeconds: number | null): JudgedTake => ({
      kind,
      person,
      atSeconds,
      reason: null,
    });
    const takes = [take('live', 'a', null), take('live', 'a', 1), take('print', 'a', null), take('print', 'b', null)];
    expect(takeFigures(takes)['live']).toMatchObject({ n: 2, granted: 1, error: { rate: 0.5 } });
    expect(peopleFigures(takes)['live']).toMatchObject({ n: 1, granted: 1, error: { rate: 0 } });
    const { error } = peopleFigures(takes)['print'] ?? { error: undefined };
    expect(error).toMatchObject({ rate: 0 });
    expect(error?.high).toBeGreaterThan(0.8);
  });
});

describe('spoiled frames', () => {
  test('are as dark and as noisy as requested, and the same for the same seed', () => {
    const grey = new Uint8Array(60_000).fill(100);
    const altered = (seed: number) => alteration({ noise: 10, dim: 0.5 }, seeded(seed))(grey, seeded(seed));
    const values = [...altered(1)];
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    expect(mean).toBeCloseTo(50, 0);
    expect(sd).toBeCloseTo(10, 0);
    expect(altered(1).equals(altered(1))).toBe(true);
    expect(alteration({ noise: 0, dim: 3 }, seeded(1))(grey, seeded(1))[0]).toBe(255);
  });
});
