import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  expect((await run('enroll', 'Ada', at('ada.jpg'))).code).toBe(0);
}, 120_000);

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
    writeFileSync(at('broken.yaml'), 'mqtt: { enabled: true, username: gate, passwordFile: /nonexistent/password }');
    const refused = await run('run', '--config', at('broken.yaml'));
    expect(refused).toMatchObject({ code: 4, json: { error: { code: 'KAIMON_SECRET' } } });
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
});
