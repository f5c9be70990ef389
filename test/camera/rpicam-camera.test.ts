import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { NewestFrame } from '../../src/camera/newest-frame.js';
import { RpicamCamera } from '../../src/camera/rpicam-camera.js';
import { OperatingError } from '../../src/kit/errors.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { loadOpenCv } from '../../src/kit/opencv/binding.js';
import { systemClock } from '../../src/kit/system-clock.js';
import { cameraContract } from '../contract/camera.contract.js';
import { plainJpeg, redOf } from '../kit/opencv/pictures.js';

const folder = mkdtempSync(join(tmpdir(), 'kaimon-rpicam-'));
beforeAll(async () => {
  await loadOpenCv();
  for (const red of [50, 150]) writeFileSync(join(folder, `${red}.jpg`), plainJpeg(red));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program in place of rpicam-vid: a node script that writes what `body` says. Pictures are at `shown(red)`. */
function program(name: string, body: string, mode = 0o755): string {
  const path = join(folder, name);
  const head = `#!${process.execPath}\nconst fs = require('node:fs');\nconst shown = (red) => fs.readFileSync(${JSON.stringify(folder)} + '/' + red + '.jpg');\n`;
  writeFileSync(path, head + body);
  chmodSync(path, mode);
  return path;
}

/** Writes pictures until nobody reads any more; waits for the pipe, so that a test's machine is not flooded. */
const ENDLESS = `
process.stdout.on('error', () => process.exit(0));
const more = () => process.stdout.write(shown(50), () => setTimeout(more, 2));
more();
`;

const open = async (...programs: string[]) => {
  const camera = await RpicamCamera.open({ width: 64, height: 48, fps: 10, programs }, new ManualClock());
  onTestFinished(() => camera.close());
  return camera;
};

cameraContract('rpicam, a fake program', () =>
  RpicamCamera.open({ width: 64, height: 48, fps: 10, programs: [program('contract', ENDLESS)] }, systemClock),
);

describe('a Raspberry Pi camera', () => {
  test('the first program that can be run is taken', async () => {
    const camera = await open(
      'kaimon-no-such-program',
      program('not-executable', '', 0o644),
      program('second', ENDLESS),
    );
    expect(await camera.read()).toBeDefined();
  });

  test('where none can be run, the error names those that were tried and says what to do', async () => {
    const opened = open('kaimon-no-such-program', 'kaimon-nor-this');
    await expect(opened).rejects.toThrow(OperatingError);
    await expect(open('kaimon-no-such-program', 'kaimon-nor-this')).rejects.toThrow(
      'none of kaimon-no-such-program, kaimon-nor-this can be run: install rpicam-apps',
    );
  });

  test('the program is asked for an endless stream of JPEGs of the configured size', async () => {
    const told = join(folder, 'args.json');
    const body = `fs.writeFileSync(${JSON.stringify(told)}, JSON.stringify(process.argv.slice(2)));${ENDLESS}`;
    const camera = await open(program('asked', body));
    await camera.read();
    const args = (JSON.parse(readFileSync(told, 'utf8')) as string[]).join(' ');
    for (const wanted of ['--codec mjpeg', '--timeout 0', '--width 64', '--height 48', '--framerate 10', '--output -'])
      expect(args).toContain(wanted);
  });

  test('when the program dies, the read fails with the last line of its output', async () => {
    const camera = await open(program('dying', `console.error('starting\\nno camera is connected'); process.exit(5);`));
    await expect(camera.read()).rejects.toThrow('the camera program ended (exit 5): no camera is connected');
    await expect(camera.read()).rejects.toThrow('exit 5');
  });

  test('a broken picture in the stream is a lost frame, not a lost camera', async () => {
    // The right structure, but no picture inside: the decoder refuses it.
    const broken = `Buffer.from('ffd8ffda000401020304ffd9', 'hex')`;
    const body = `process.stdout.write(${broken}, () => setTimeout(() => process.stdout.write(shown(150)), 20)); setInterval(() => {}, 1000);`;
    const camera = await open(program('broken', body));
    const frame = await camera.read();
    expect(frame && redOf(frame.picture)).toBe(150);
    expect(frame?.index).toBe(1);
  });

  test('a stream without pictures ends the program and is reported', async () => {
    const body = `
const never = Buffer.concat([Buffer.from('ffd8ffda0004', 'hex'), Buffer.alloc(1 << 20, 7)]);
process.stdout.on('error', () => process.exit(0));
const more = () => process.stdout.write(never.subarray(6), more);
process.stdout.write(never, more);
`;
    const camera = await open(program('endless', body));
    await expect(camera.read()).rejects.toThrow('is this an MJPEG stream?');
  });

  test('a program that dies again and again is opened again and again', async () => {
    const once = program('once', `process.stdout.write(shown(50), () => process.exit(0));`);
    const frames = new NewestFrame(
      () => RpicamCamera.open({ width: 64, height: 48, fps: 10, programs: [once] }, systemClock),
      systemClock,
      {
        stallMs: 20_000,
        retry: { firstMs: 1, factor: 1, maxMs: 1, jitter: 0 },
        random: () => 0,
        onState: () => undefined,
      },
    );
    for (let i = 0; i < 3; i++) {
      const frame = await frames.next();
      expect(frame && redOf(frame.picture)).toBe(50);
      frame?.picture.release();
    }
    await frames.stop();
  });
});
