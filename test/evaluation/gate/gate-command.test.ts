import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { discard, FACES, film, kaimon, notReady, portrait, scratch, shortFilm } from '../../scenario/harness.js';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const evaluate = async (command: string, ...args: string[]) => {
  const { code, stdout } = await kaimon('--json', '--state', at('state'), 'evaluate', command, ...args);
  return { code, json: stdout ? JSON.parse(stdout) : undefined };
};
const gate = (...args: string[]) => evaluate('gate', '--take-fps', '10', ...args);

beforeAll(async () => {
  if (notReady) return;
  folder = scratch();
  for (const name of ['ada', 'grace', 'nobody']) mkdirSync(at('gallery', name), { recursive: true });
  await portrait(at('gallery', 'ada', '1.jpg'), FACES.ada);
  await portrait(at('gallery', 'grace', '1.jpg'), FACES.grace);
  // A photo without a face: somebody who could not be enrolled.
  await film(at('wall'), [], 1, 1);
  writeFileSync(at('gallery', 'nobody', '1.jpg'), readFileSync(at('wall', '000000.jpg')));
  for (const folders of [
    ['probes', 'ada'],
    ['strangers', 'eve'],
    ['attacks', 'print'],
  ])
    mkdirSync(at(...folders), { recursive: true });
  await film(at('probes', 'ada', 'monday'), [FACES.adaAnotherDay], 10, 1);
  await film(at('strangers', 'eve', 'monday'), [FACES.stranger], 10, 1);
  await shortFilm(at('attacks', 'print', 'ada'), { role: 'adaPrinted', as: 'print', frames: 20, empty: 0 });
  mkdirSync(at('empty', 'ada'), { recursive: true });
  writeFileSync(at('empty', 'ada', '1.jpg'), readFileSync(at('wall', '000000.jpg')));
}, 240_000);

afterAll(() => folder && discard(folder));

describe.skipIf(notReady)(`kaimon evaluate gate${notReady ? ` (${notReady})` : ''}`, () => {
  test('lets in only enrolled people, and writes what it measured into one HTML file', async () => {
    const groups = ['--gallery', at('gallery'), '--probes', at('probes'), '--strangers', at('strangers')];
    const { code, json } = await gate(...groups, '--no-liveness', '--report', at('reports', 'gate.html'));
    expect(code).toBe(0);
    expect(json).toMatchObject({
      encoder: expect.stringMatching(/^[a-z0-9-]+@[0-9a-f]{12}$/),
      people: 2,
      photos: 2,
      failedToEnrol: ['nobody'],
      liveness: false,
      probes: { fnir: { rate: 0, n: 1, people: 1 }, misidentified: { rate: 0 }, secondsToGrant: { n: 1 } },
      strangers: { rate: { rate: 0, n: 1 }, reasons: { nobody: 1 } },
      attacks: null,
      noise: 0,
      dim: 1,
      scale: 1,
      jpeg: null,
    });
    expect(json.approaches[0]).toMatchObject({ name: 'ada/monday', grants: [{ person: 'ada' }], reason: null });
    // Ten frames a second, and a mean of two is enough.
    expect(json.probes.secondsToGrant.median).toBeLessThan(1);
    const html = readFileSync(at('reports', 'gate.html'), 'utf8');
    expect(html).toContain(json.encoder);
    expect(html).toContain('<svg');
    expect(html).not.toContain('<script');
    rmSync(at('reports'), { recursive: true });
  }, 240_000);

  test('a picture of an enrolled face is let in with liveness off and refused with liveness on', async () => {
    const groups = ['--gallery', at('gallery'), '--attacks', at('attacks')];
    const careless = await gate(...groups, '--no-liveness');
    expect(careless.json.attacks.print.rate).toMatchObject({ rate: 1, n: 1 });
    const careful = await gate(...groups);
    expect(careful.json).toMatchObject({ liveness: true, attacks: { print: { rate: { rate: 0, n: 1 } } } });
  }, 240_000);

  test('spoils the approaches on request, not the photos that people are enrolled by, and says so', async () => {
    const groups = ['--gallery', at('gallery'), '--probes', at('probes'), '--no-liveness'];
    const dark = ['--dim', '0.02', '--noise', '1', '--scale', '0.9', '--jpeg', '80'];
    const { code, json } = await gate(...groups, ...dark, '--report', at('dark.html'));
    expect(code).toBe(0);
    expect(json).toMatchObject({ people: 2, photos: 2, dim: 0.02, noise: 1, scale: 0.9, jpeg: 80 });
    expect(json.approaches).toMatchObject([{ name: 'ada/monday', grants: [] }]);
    expect(readFileSync(at('dark.html'), 'utf8')).toContain(
      '<td>noise of sd 1 added, light times 0.02, resolution times 0.9, quality 80 JPEG; people are enrolled by their photos as they are</td>',
    );
    expect((await gate(...groups, '--dim', 'half')).json.error.code).toBe('KAIMON_USAGE');
  }, 240_000);

  test('a whole set shows living people, enrolled by another take of theirs, themselves as strangers, and attacks', async () => {
    for (const kind of ['live', 'print']) mkdirSync(at('set', kind), { recursive: true });
    await film(at('set', 'live', 'monday'), [FACES.adaAnotherDay], 5, 1);
    await film(at('set', 'live', 'tuesday'), [FACES.adaAnotherDay], 5, 1);
    await film(at('set', 'print', 'of-ada'), [FACES.adaAnotherDay], 5, 1);
    const takes = { 'live/monday': 'ada', 'live/tuesday': 'ada', 'print/of-ada': 'ada' };
    const rows = Object.entries(takes).flatMap(([take, person]) =>
      readdirSync(at('set', take))
        .sort()
        .map((file, i) => [`${take}/${file}`, take.split('/')[0], person, take.replace('/', '-'), i, 10].join(',')),
    );
    writeFileSync(at('set', 'manifest.csv'), `file,label,person,seq,frame,fps\n${rows.join('\n')}\n`);
    const { code, json } = await evaluate('gate', '--set', at('set'), '--no-liveness');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      people: 1,
      unshown: 0,
      probes: { fnir: { rate: 0, n: 2, people: 1 }, misidentified: { rate: 0 }, framesToGrant: { n: 2, median: 2 } },
      strangers: { rate: { rate: 0, n: 2 } },
      attacks: { print: { rate: { rate: 1 }, ofEnrolled: 1 } },
    });
    expect(json.approaches[2]).toMatchObject({ name: 'live-monday', part: 'strangers', grants: [] });
    expect((await evaluate('gate', '--set', at('set'), '--gallery', at('gallery'))).json.error.code).toBe(
      'KAIMON_USAGE',
    );
  }, 240_000);

  test('evaluate liveness writes a report too', async () => {
    const { code, json } = await evaluate('liveness', at('attacks'), '--report', at('liveness.html'));
    expect(code).toBe(0);
    expect(json.takes.print).toMatchObject({ n: 1, granted: 0 });
    expect(readFileSync(at('liveness.html'), 'utf8')).toContain('<h2>Single frames</h2>');
  }, 240_000);

  test.each<[string, () => string[], number, string, string]>([
    ['nobody is enrolled', () => ['--probes', at('probes')], 2, 'KAIMON_USAGE', '--gallery, or --set'],
    [
      'no folder of approaches is given',
      () => ['--gallery', at('gallery')],
      2,
      'KAIMON_USAGE',
      '--probes, --strangers, --attacks',
    ],
    [
      'no photo of the gallery can be enrolled',
      () => ['--gallery', at('empty'), '--probes', at('probes')],
      3,
      'KAIMON_GALLERY_EMPTY',
      'no face',
    ],
    [
      'a stranger is enrolled under the same name',
      () => ['--gallery', at('gallery'), '--strangers', at('probes')],
      3,
      'KAIMON_STRANGER_KNOWN',
      '"ada"',
    ],
    [
      'a folder is missing',
      () => ['--gallery', at('gallery'), '--probes', at('missing')],
      3,
      'KAIMON_LIVENESS_SET',
      'missing',
    ],
  ])(
    'says what is wrong: %s',
    async (_what, args, exit, code, text) => {
      const answer = await gate(...args());
      expect(answer.code).toBe(exit);
      expect(answer.json.error.code).toBe(code);
      expect(answer.json.error.message).toContain(text);
    },
    240_000,
  );
});
