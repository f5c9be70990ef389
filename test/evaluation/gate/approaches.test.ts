import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { approachesOf, longestRow } from '../../../src/evaluation/gate/approaches.js';
import { readPeople, readPresentations } from '../../../src/evaluation/presentations.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kaimon-test-'));
  const files = [
    'people/ada/monday/2.jpg',
    'people/ada/monday/10.jpg',
    'people/ada/tuesday/1.jpg',
    'people/bob.mp4',
    'people/grace/evening.webm',
    'people/lost.jpg',
    'attacks/print/one/1.jpg',
    'attacks/replay/phone.mp4',
    'named/a/1.jpg',
    'named/b/1.jpg',
  ];
  for (const file of files) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(join(folder, file), '');
  }
  const manifest = 'file,label,person,seq,frame\na/1.jpg,live,ada,t1,0\nb/1.jpg,print,ada,t2,0\n';
  await writeFile(join(folder, 'named', 'manifest.csv'), manifest);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('approaches to the gate', () => {
  test('each take and each video of a person is an approach of its own', () => {
    const approaches = approachesOf(readPeople(join(folder, 'people')));
    expect(
      approaches.map(({ name, kind, person, clip, files }) => [
        name,
        kind,
        person,
        clip,
        files.map(({ file }) => file),
      ]),
    ).toEqual([
      ['ada/monday', 'live', 'ada', false, ['ada/monday/2.jpg', 'ada/monday/10.jpg']],
      ['ada/tuesday', 'live', 'ada', false, ['ada/tuesday/1.jpg']],
      ['bob.mp4', 'live', 'bob', true, ['bob.mp4']],
      ['grace/evening.webm', 'live', 'grace', true, ['grace/evening.webm']],
    ]);
  });

  test('attacks have the kind of their folder', () => {
    const approaches = approachesOf(readPresentations(join(folder, 'attacks')));
    expect(approaches.map(({ kind, name }) => [kind, name])).toEqual([
      ['print', 'print/one'],
      ['replay', 'replay/phone.mp4'],
    ]);
  });

  test('of a set with a manifest.csv only live presentations are people', () => {
    expect(approachesOf(readPeople(join(folder, 'named')))).toMatchObject([
      { name: 't1', kind: 'live', person: 'ada' },
    ]);
  });

  test('an approach is timed where the set says when its frames were taken, or says it of none', () => {
    const still = (file: string, fps: number | undefined) => ({
      file,
      kind: 'live',
      person: 'ada',
      source: '',
      take: file,
      frame: 0,
      fps,
    });
    const timed = (...stills: ReturnType<typeof still>[]) =>
      approachesOf({ stills, clips: [still('a.mp4', undefined)] }).map((one) => one.timed);
    expect(timed(still('a', 5), still('b', undefined))).toEqual([true, false, true]);
    expect(timed(still('a', undefined), still('b', undefined))).toEqual([true, true, true]);
  });

  test('a folder without people, or no folder, is refused', () => {
    expect(() => readPeople(join(folder, 'people', 'ada', 'monday'))).toThrow(
      /holds 0 pictures and videos PERSON\/TAKE/,
    );
    expect(() => readPeople(join(folder, 'nowhere'))).toThrow(/cannot read the folder/);
  });

  test('frames more than a second apart do not count as frames in a row', () => {
    expect(longestRow([])).toBe(0);
    expect(longestRow([0, 1900, 4000])).toBe(1);
    expect(longestRow([0, 1000, 2001, 2100, 2200])).toBe(3);
  });
});
