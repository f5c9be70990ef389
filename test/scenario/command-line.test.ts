import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JOURNAL_LOCK } from '../../src/journal/open-journal.js';
import { WriterLock } from '../../src/kit/files/writer-lock.js';
import { silentLog } from '../../src/kit/log.js';
import { discard, FACES, inStudio, kaimon, notReady, portrait, SAMPLES, scratch } from './harness.js';

/** A PNG whose header claims 100,000 × 100,000 pixels. */
function hugePng(): Buffer {
  const head = Buffer.alloc(33);
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).copy(head);
  head.writeUInt32BE(13, 8);
  head.write('IHDR', 12);
  head.writeUInt32BE(100_000, 16);
  head.writeUInt32BE(100_000, 20);
  return Buffer.concat([head, Buffer.alloc(200)]);
}

let folder: string;
const at = (name: string) => join(folder, name);
const run = async (...args: string[]) => {
  const { code, stdout } = await kaimon('--json', '--state', at('state'), ...args);
  return { code, json: stdout ? JSON.parse(stdout) : undefined };
};

beforeAll(async () => {
  if (notReady) return;
  folder = scratch();
  await portrait(at('ada.jpg'), FACES.ada);
  await portrait(at('ada-another-day.jpg'), FACES.ada);
  await portrait(at('grace.jpg'), FACES.grace);
  await portrait(at('stranger.jpg'), FACES.stranger);
  await inStudio({
    job: 'film',
    photos: SAMPLES,
    out: at('blank'),
    seed: 1,
    script: {
      width: 640,
      height: 480,
      fps: 10,
      scenes: [{ title: '', frames: 1, actors: [], light: [1, 1], noise: 3, expect: [] }],
    },
  });
  writeFileSync(at('text.jpg'), 'this is no picture');
  writeFileSync(at('empty.jpg'), '');
  writeFileSync(at('huge.png'), hugePng());
  expect((await run('enroll', 'Ada', at('ada.jpg'), '--id', 'ada')).code).toBe(0);
}, 300_000);

afterAll(() => folder && discard(folder));

describe.skipIf(notReady)(`kaimon on photos${notReady ? ` (${notReady})` : ''}`, () => {
  test('verify --is says yes with 0 and no with 1', async () => {
    const yes = await run('verify', at('ada.jpg'), '--is', 'Ada');
    expect(yes).toMatchObject({ code: 0, json: { same: true, person: { id: 'ada', name: 'Ada' } } });
    const no = await run('verify', at('grace.jpg'), '--is', 'ada');
    expect(no).toMatchObject({ code: 1, json: { same: false } });
    expect(no.json.distance).toBeGreaterThan(no.json.threshold);
    expect(no.json.encoder).toMatch(/^mobilefacenet@[0-9a-f]{12}$/);
  });

  test('verify compares two photos, and --threshold overrides', async () => {
    expect(await run('verify', at('ada.jpg'), at('grace.jpg'))).toMatchObject({
      code: 1,
      json: { same: false, person: null },
    });
    const loose = await run('verify', at('ada.jpg'), at('grace.jpg'), '--threshold', '4');
    expect(loose).toMatchObject({ code: 0, json: { same: true, threshold: 4 } });
  });

  test('identify names the person, or says why there is none', async () => {
    expect(await run('identify', at('ada.jpg'))).toMatchObject({
      code: 0,
      json: { person: { id: 'ada' }, secondDistance: null, reason: null },
    });
    expect(await run('identify', at('stranger.jpg'))).toMatchObject({
      code: 1,
      json: { person: null, reason: 'nobody' },
    });
  });

  test.each([
    ['a missing file', () => at('missing.jpg'), 'KAIMON_PHOTO_READ', undefined],
    ['a text file named .jpg', () => at('text.jpg'), 'KAIMON_PHOTO_UNUSABLE', undefined],
    ['an empty file', () => at('empty.jpg'), 'KAIMON_PHOTO_UNUSABLE', undefined],
    ['a header that claims 100,000 × 100,000 pixels', () => at('huge.png'), 'KAIMON_PHOTO_UNUSABLE', undefined],
    ['a photo without a face', () => at('blank/000000.jpg'), 'KAIMON_PHOTO_FACE', 'no-face'],
    ['a photo with five faces', () => join(SAMPLES, 'sample5.jpg'), 'KAIMON_PHOTO_FACE', 'several-faces'],
  ])('%s is unusable input for verify and identify: exit 3 with a reason', async (_what, file, code, reason) => {
    for (const args of [
      ['identify', file()],
      ['verify', file(), '--is', 'ada'],
      ['verify', at('ada.jpg'), file()],
    ]) {
      const answer = await run(...args);
      expect(answer.code).toBe(3);
      expect(answer.json.error.code).toBe(code);
      expect(answer.json.error.reason).toBe(reason);
    }
  });

  test('wrong use exits with 2 and prints nothing but the error', async () => {
    expect((await run('verify', at('ada.jpg'))).code).toBe(2);
    expect((await run('verify', at('ada.jpg'), '--is', 'nobody-known')).code).toBe(2);
    expect((await kaimon('frobnicate')).code).toBe(2);
    expect((await kaimon('identify', at('ada.jpg'), '--threshold', '9')).code).toBe(2);
  });

  test('a second enrolment of the same face under another name is refused and names the first', async () => {
    const again = await run('enroll', 'Eve', at('ada-another-day.jpg'));
    expect(again).toMatchObject({ code: 3, json: { error: { reason: 'duplicate-person' } } });
    expect(again.json.error.message).toContain('"ada"');
    expect((await run('people', 'list')).json).toHaveLength(1);
  });

  test('a daemon that cannot work says why in one document and leaves the store free', async () => {
    mkdirSync(at('state/journal'), { recursive: true });
    const lock = await WriterLock.take(at('state/journal/lock'), silentLog, JOURNAL_LOCK);
    const refused = await run('run');
    await lock.release();
    expect(refused).toMatchObject({ code: 4, json: { error: { code: 'KAIMON_JOURNAL_LOCKED' } } });
    expect((await run('people', 'rename', 'ada', 'Ada')).code).toBe(0);
  });

  test('embed measures every face of a photo', async () => {
    const { code, json } = await run('embed', join(SAMPLES, 'sample5.jpg'));
    expect(code).toBe(0);
    expect(json[0].faces).toHaveLength(5);
    for (const face of json[0].faces) {
      expect(face.landmarks).toHaveLength(68);
      expect(face.embedding).toHaveLength(512);
      expect(Math.hypot(...face.embedding)).toBeCloseTo(1, 5);
    }
  });

  describe('photos as people bring them', () => {
    const portraitOf = () => readFileSync(at('grace.jpg'));
    const picture = (name: string, bytes: Buffer) => {
      writeFileSync(at(name), bytes);
      return at(name);
    };
    /** The portrait in another format or another way up, made by the program that decodes it. */
    async function converted(name: string, turn: 0 | 90 | 180 | 270): Promise<string> {
      const { loadOpenCv, opencv } = await import('../../src/kit/opencv/binding.js');
      await loadOpenCv();
      const cv = opencv();
      const mat = cv.imdecode(portraitOf());
      const codes = { 90: cv.ROTATE_90_CLOCKWISE, 180: cv.ROTATE_180, 270: cv.ROTATE_90_COUNTERCLOCKWISE };
      return picture(name, cv.imencode(name.slice(name.lastIndexOf('.')), turn ? mat.rotate(codes[turn]) : mat));
    }
    const enrol = (id: string, ...files: string[]) => run('enroll', 'Grace', ...files, '--id', id);
    const forget = (id: string) => run('people', 'remove', id);

    test.each([0.4, 0.6, 0.95])('a JPEG cut off at %f of its length is refused and named', async (part) => {
      const whole = portraitOf();
      const cut = picture('cut.jpg', whole.subarray(0, Math.floor(whole.length * part)));
      const { code, json } = await enrol('cut', cut);
      expect([code, json.error.code]).toEqual([3, 'KAIMON_PHOTO_UNUSABLE']);
      expect(json.error.message).toContain('cut off');
    });

    test('a JPEG cut off and mended by an end mark is refused', async () => {
      const whole = portraitOf();
      const mended = Buffer.concat([whole.subarray(0, whole.length / 2), Buffer.from([0xff, 0xd9])]);
      const { code, json } = await enrol('mended', picture('mended.jpg', mended));
      expect([code, json.error.message]).toEqual([3, expect.stringContaining('data is missing')]);
    });

    test('a WebP is taken', async () => {
      expect((await enrol('webp', await converted('grace.webp', 0))).code).toBe(0);
      await forget('webp');
    });

    const boxed = (brand: string) => Buffer.from(`\0\0\0\x1cftyp${brand}\0\0\0\0mif1${brand}miaf`, 'latin1');
    const ways = [
      ['heic', /an HEIC photo.*heif-convert photo\.heic photo\.jpg/],
      ['avif', /an AVIF photo.*avifdec photo\.avif photo\.jpg/],
    ] as const;

    test.each(ways)(
      '%s is refused with its name and the way to a JPEG: one, one of several, a folder',
      async (brand, way) => {
        const file = picture(`grace.${brand}`, boxed(brand));
        expect((await enrol(brand, file)).json.error.message).toMatch(way);
        const several = await enrol(brand, at('grace.jpg'), file);
        expect([several.code, several.json.error.message]).toEqual([3, expect.stringMatching(way)]);
        for (const args of [
          ['verify', file, '--is', 'ada'],
          ['identify', file],
          ['embed', file],
        ])
          expect(JSON.stringify((await run(...args)).json)).toMatch(way);
        mkdirSync(at(`kept-${brand}/ada`), { recursive: true });
        writeFileSync(at(`kept-${brand}/ada/1.${brand.toUpperCase()}`), boxed(brand));
        const made = await run('people', 'reencode', at(`kept-${brand}`));
        expect(made.json.people).toMatchObject([{ id: 'ada', templates: 0, faults: [expect.stringMatching(way)] }]);
      },
    );

    test.each([90, 180, 270] as const)('a photo turned by %i° without a word of it is turned back', async (turn) => {
      const id = `turned-${turn}`;
      const { code, json } = await enrol(id, await converted(`turned-${turn}.png`, turn));
      expect([code, json.turned]).toEqual([0, [{ image: at(`turned-${turn}.png`), degrees: 360 - turn }]]);
      expect((await run('verify', at('grace.jpg'), '--is', id)).json.same).toBe(true);
      await forget(id);
    });

    test('of several photos each bad one is named, nobody is enrolled, and without them it works', async () => {
      const files = [at('grace.jpg'), at('text.jpg'), at('blank/000000.jpg')];
      const refused = await enrol('several', ...files);
      expect(refused.code).toBe(3);
      expect(refused.json.error.message).toContain('nothing was changed: 2 of 3 photos cannot be used');
      for (const bad of files.slice(1)) expect(refused.json.error.message).toContain(bad);
      expect((await run('people', 'show', 'several')).code).toBe(2);
      const skipped = await enrol('several', ...files, '--skip-bad');
      expect([skipped.code, skipped.json.templates, skipped.json.skipped.length]).toEqual([0, 1, 2]);
      await forget('several');
    });

    test('a named pipe is refused at once', async () => {
      spawnSync('mkfifo', [at('pipe.jpg')]);
      expect((await enrol('pipe', at('pipe.jpg'))).json.error.code).toBe('KAIMON_PHOTO_READ');
      expect((await run('people', 'import', at('pipe.jpg'))).json.error.code).toBe('KAIMON_PEOPLE_IMPORT');
    });
  });
});
