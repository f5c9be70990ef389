import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OpenCvCamera } from '../../src/camera/opencv-camera.js';
import { ReplayCamera, type ReplayOptions } from '../../src/camera/replay-camera.js';
import { OperatingError } from '../../src/kit/errors.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { loadOpenCv, opencv } from '../../src/kit/opencv/binding.js';
import { decodePhoto } from '../../src/kit/opencv/codec.js';
import { cameraContract } from '../contract/camera.contract.js';
import { plainJpeg, redOf } from '../kit/opencv/pictures.js';
import { settle } from './fakes.js';

const REDS = [20, 60, 100, 140, 180];
const home = mkdtempSync(join(tmpdir(), 'kaimon-replay-'));
const folder = join(home, 'photos');
const film = join(home, 'film.avi');

beforeAll(async () => {
  await loadOpenCv();
  mkdirSync(folder);
  for (const [i, red] of REDS.entries()) writeFileSync(join(folder, `${i}.jpg`), plainJpeg(red));
  writeFileSync(join(folder, 'notes.txt'), 'no picture');
  await makeFilm();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The same pictures as an AVI of JPEGs at 10 frames a second. */
async function makeFilm(): Promise<void> {
  const cv = opencv();
  const writer = new cv.VideoWriter(film, cv.VideoWriter.fourcc('MJPG'), 10, new cv.Size(64, 48), true);
  for (const red of REDS) {
    const { picture } = await decodePhoto(plainJpeg(red));
    writer.write(picture.mat);
    picture.release();
  }
  writer.release();
}

const options = (change: Partial<ReplayOptions>): ReplayOptions => ({
  path: folder,
  speed: 'full',
  loop: false,
  fps: 10,
  ...change,
});

/** The reds of the next frames; reading stops at the end of the source. */
async function reds(camera: ReplayCamera, most: number): Promise<number[]> {
  const seen: number[] = [];
  while (seen.length < most) {
    const frame = await camera.read();
    if (!frame) break;
    seen.push(redOf(frame.picture));
    frame.picture.release();
  }
  return seen;
}

/** A film as a phone held upright makes it: lying on its side, with the turn in its track header. */
async function makePhoneFilm(path: string): Promise<void> {
  const cv = opencv();
  const writer = new cv.VideoWriter(path, cv.VideoWriter.fourcc('mp4v'), 10, new cv.Size(64, 48), true);
  const { picture } = await decodePhoto(plainJpeg(100));
  for (let i = 0; i < 3; i++) writer.write(picture.mat);
  picture.release();
  writer.release();
  const bytes = readFileSync(path);
  // Behind the box's kind: version, flags and 36 bytes of other fields; then a, b, u, c, d of the matrix.
  const matrix = bytes.indexOf('tkhd') + 4 + 40;
  for (const [i, value] of [0, 1, 0, -1, 0].entries()) bytes.writeInt32BE(value * 0x10000, matrix + 4 * i);
  writeFileSync(path, bytes);
}

test('a film from a phone is shown upright', async () => {
  const path = join(home, 'phone.mp4');
  await makePhoneFilm(path);
  const camera = new ReplayCamera(options({ path }), new ManualClock());
  const frame = await camera.read();
  expect([frame?.picture.width, frame?.picture.height]).toEqual([48, 64]);
  frame?.picture.release();
  await camera.close();
});

const sources = [
  ['a folder', () => folder],
  ['a film', () => film],
] as const;

for (const [name, path] of sources) {
  cameraContract(
    `replay of ${name}`,
    async () => new ReplayCamera(options({ path: path(), loop: true }), new ManualClock()),
  );

  describe(`replay of ${name}`, () => {
    test('at full speed every picture comes once, in order, then the end', async () => {
      const camera = new ReplayCamera(options({ path: path() }), new ManualClock());
      expect(await reds(camera, 20)).toEqual(REDS);
      expect(await camera.read()).toBeUndefined();
      await camera.close();
    });

    test('in a loop it begins again and keeps counting', async () => {
      const camera = new ReplayCamera(options({ path: path(), loop: true }), new ManualClock());
      expect(await reds(camera, 12)).toEqual([...REDS, ...REDS, ...REDS.slice(0, 2)]);
      expect((await camera.read())?.index).toBe(12);
      await camera.close();
    });

    test('at real speed a frame comes when it is due', async () => {
      const clock = new ManualClock();
      const camera = new ReplayCamera(options({ path: path(), speed: 'real' }), clock);
      expect(await camera.read()).toMatchObject({ index: 0, takenMs: 0 });
      let early = true;
      const second = camera.read().then((frame) => {
        expect(early).toBe(false);
        return frame;
      });
      clock.advance(99);
      await settle();
      early = false;
      clock.advance(1);
      expect(await second).toMatchObject({ index: 1, takenMs: 100 });
      await camera.close();
    });

    test('at real speed a late reader misses the frames that are overdue', async () => {
      const clock = new ManualClock();
      const camera = new ReplayCamera(options({ path: path(), speed: 'real' }), clock);
      clock.advance(310);
      const frame = await camera.read();
      expect(frame?.index).toBe(3);
      expect(frame && redOf(frame.picture)).toBe(REDS[3]);
      await camera.close();
    });

    test('at real speed in a loop, time is kept over many rounds', async () => {
      const clock = new ManualClock();
      const camera = new ReplayCamera(options({ path: path(), speed: 'real', loop: true }), clock);
      for (const at of [700, 2900, 3000]) {
        clock.advance(at - clock.monotonic());
        const frame = await camera.read();
        expect(frame?.picture && redOf(frame.picture)).toBeTypeOf('number');
        expect(frame?.takenMs).toBe(at);
      }
      await camera.close();
    });
  });
}

describe('what cannot be replayed', () => {
  test.each([
    ['nothing', () => join(home, 'nowhere')],
    ['a folder without pictures', () => home],
    ['a text', () => join(folder, 'notes.txt')],
  ])('%s is refused with a sentence, or ends at once', async (_what, path) => {
    const open = async () => {
      const camera = new ReplayCamera(options({ path: path(), loop: true }), new ManualClock());
      try {
        return await camera.read();
      } finally {
        await camera.close();
      }
    };
    const result = await open().catch((thrown: unknown) => thrown);
    if (result !== undefined) {
      expect(result).toBeInstanceOf(OperatingError);
      expect(String(result)).toContain(`cannot replay ${path()}: give a video file or a folder`);
    }
  });
});

test('a missing camera is reported with what to do', () => {
  const open = (device: number | string) =>
    new OpenCvCamera(
      { kind: 'v4l2', device, width: 640, height: 480, fps: 15, mjpg: true },
      new ManualClock(),
      () => undefined,
    );
  expect(() => open('/dev/video-nowhere')).toThrow(OperatingError);
  expect(() => open('/dev/video-nowhere')).toThrow('cannot open the camera /dev/video-nowhere: is it plugged in');
});

describe('a folder in which not all is a picture', () => {
  const odd = join(home, 'odd');
  const replayed = async (files: Readonly<Record<string, Buffer | string>>) => {
    rmSync(odd, { recursive: true, force: true });
    mkdirSync(odd);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(odd, name), content);
    const left: string[] = [];
    const camera = new ReplayCamera(options({ path: odd, loop: true }), new ManualClock(), (why) => left.push(why));
    const seen = await reds(camera, 4);
    await camera.close();
    return { seen, left };
  };

  test('what cannot be used is named once and left out, and the film goes on', async () => {
    const { seen, left } = await replayed({
      '1.jpg': plainJpeg(20),
      '2.jpg': 'junk',
      '3.jpg': plainJpeg(60).subarray(0, 300),
      '4.heic': Buffer.from('\0\0\0\x18ftypheic', 'latin1'),
      '5.jpg': plainJpeg(100),
      'notes.txt': 'no picture',
    });
    expect(seen).toEqual([20, 100, 20, 100]);
    expect(left).toEqual([
      `${odd}: no pictures and left out: notes.txt`,
      `${join(odd, '2.jpg')} is left out: it is no JPEG, PNG or WebP`,
      expect.stringMatching(/3\.jpg is left out: .*cut off/),
      expect.stringMatching(/4\.heic is left out: it is an HEIC photo/),
    ]);
  });

  test('where nothing is left the camera fails and says so', async () => {
    await expect(replayed({ '1.jpg': 'junk' })).rejects.toThrow('holds no picture that can be used');
  });
});
