import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { discard, FACES, kaimon, notReady, portrait, scratch } from './harness.js';

/** One line of configuration. */
const ENCODERS = { first: 'mobilefacenet', other: 'openface' };

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const run = async (encoder: keyof typeof ENCODERS, ...args: string[]) => {
  const { code, stdout } = await kaimon('--json', '--config', at(`${encoder}.yaml`), '--state', at('state'), ...args);
  return { code, json: stdout ? JSON.parse(stdout) : undefined };
};

beforeAll(async () => {
  if (notReady) return;
  folder = scratch();
  for (const [name, encoder] of Object.entries(ENCODERS)) writeFileSync(at(`${name}.yaml`), `encoder: ${encoder}\n`);
  mkdirSync(at('kept', 'ada'), { recursive: true });
  mkdirSync(at('kept', 'grace'), { recursive: true });
  await portrait(at('kept', 'ada', 'photo.jpg'), FACES.ada);
  await portrait(at('kept', 'grace', 'photo.jpg'), FACES.grace);
  await portrait(at('stranger.jpg'), FACES.stranger);
  expect((await run('first', 'enroll', 'Ada', at('kept', 'ada', 'photo.jpg'), '--id', 'ada')).code).toBe(0);
  expect((await run('first', 'enroll', 'Grace', at('kept', 'grace', 'photo.jpg'), '--id', 'grace')).code).toBe(0);
}, 120_000);

afterAll(() => folder && discard(folder));

describe.skipIf(notReady)(`changing the encoder${notReady ? ` (${notReady})` : ''}`, () => {
  test('people known only to another encoder: commands refuse, say what to do, and kept photos make them known', async () => {
    const refused = await run('other', 'identify', at('kept', 'ada', 'photo.jpg'));
    expect(refused).toMatchObject({ code: 4, json: { error: { code: 'KAIMON_PEOPLE_ENCODER' } } });
    expect(refused.json.error.message).toMatch(
      /mobilefacenet@.*openface@.*kaimon people reencode DIR.*enrol the people again/,
    );

    const made = await run('other', 'people', 'reencode', at('kept'));
    const both = [
      { id: 'ada', templates: 1, faults: [] },
      { id: 'grace', templates: 1, faults: [] },
    ];
    expect(made).toMatchObject({ code: 0, json: { people: both } });
    expect((await run('other', 'identify', at('kept', 'ada', 'photo.jpg'))).json).toMatchObject({
      person: { id: 'ada' },
    });
    expect((await run('other', 'identify', at('stranger.jpg'))).code).toBe(1);
    // The old templates stay, so that one can go back.
    expect((await run('first', 'identify', at('kept', 'grace', 'photo.jpg'))).json).toMatchObject({
      person: { id: 'grace' },
    });
  });

  test('a person without a kept photo is named and stays unchanged', async () => {
    mkdirSync(at('some'), { recursive: true });
    cpSync(at('kept', 'ada'), at('some', 'ada'), { recursive: true });
    const made = await run('other', 'people', 'reencode', at('some'));
    expect(made.code).toBe(1);
    expect(made.json.people[1]).toEqual({ id: 'grace', templates: 0, faults: ['no photo was kept'] });
    expect((await run('other', 'identify', at('kept', 'grace', 'photo.jpg'))).json).toMatchObject({
      person: { id: 'grace' },
    });
    expect((await run('other', 'people', 'reencode', at('state'))).code).toBe(3);
  });

  test('a site with too few people is not calibrated: a broken photo or calibration does not stop the command, and nothing is written', async () => {
    mkdirSync(at('few', 'lin'), { recursive: true });
    cpSync(at('kept'), at('few'), { recursive: true });
    writeFileSync(at('few', 'lin', 'broken.jpg'), 'this is no picture');
    const own = at('state', 'calibration.json');
    writeFileSync(own, 'broken');
    // A broken calibration stops the gate and commands that decide, but not the command that mends it.
    expect(await run('first', 'identify', at('stranger.jpg'))).toMatchObject({
      code: 4,
      json: { error: { code: 'KAIMON_CALIBRATION' } },
    });
    const { code, json } = await run('first', 'calibrate', at('few'));
    expect(code).toBe(3);
    expect(json.error).toMatchObject({ code: 'KAIMON_CALIBRATION_SMALL' });
    expect(json.error.message).toContain('of 2 people');
    expect(readFileSync(own, 'utf8')).toBe('broken');
    rmSync(own);
  });
});
