import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FakeCamera, Stage, settle } from './fakes.js';

async function stage(live = true): Promise<Stage> {
  const made = new Stage(live);
  onTestFinished(() => made.newest.stop());
  await settle();
  return made;
}

describe('the newest frame wins', () => {
  test('a slow reader gets the newest frame; the ones before it are freed', async () => {
    const on = await stage();
    for (let i = 0; i < 4; i++) await on.camera.deliver();
    expect((await on.newest.next())?.index).toBe(3);
    expect(on.released).toEqual([0, 1, 2]);
  });

  test('no frame is handed out twice: the reader waits for the next one', async () => {
    const on = await stage();
    await on.camera.deliver();
    await on.newest.next();
    const next = on.newest.next();
    await on.camera.deliver();
    expect((await next)?.index).toBe(1);
    expect(on.released).toEqual([]);
  });

  test('whatever the order of delivering and taking, every frame is handed out once or freed once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (deliveries) => {
        const on = new Stage();
        await settle();
        const taken: number[] = [];
        for (const delivery of deliveries) {
          if (delivery) await on.camera.deliver();
          else
            void on.newest.next().then((frame) => {
              if (frame) taken.push(frame.index);
            });
          await settle();
        }
        await on.newest.stop();
        await settle();
        expect([...taken, ...on.released].sort((a, b) => a - b)).toEqual(
          Array.from({ length: on.frames }, (_, i) => i),
        );
        expect(taken).toEqual([...taken].sort((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });

  test('a frame that was handed out and dropped is collected from memory', async () => {
    const on = await stage();
    await on.camera.deliver();
    const first = new WeakRef((await on.newest.next()) ?? {});
    for (let i = 0; i < 5; i++) {
      await on.camera.deliver();
      await on.newest.next();
    }
    setFlagsFromString('--expose-gc');
    await new Promise((resolve) => setImmediate(resolve));
    (runInNewContext('gc') as () => void)();
    expect(first.deref()).toBeUndefined();
  });
});

describe('a camera that fails', () => {
  test('a camera that is given up is closed and opened again, also between two of its frames', async () => {
    const on = await stage();
    await on.camera.deliver();
    on.newest.reopen('the same picture');
    await settle();
    expect(on.states.at(-1)).toMatchObject({ state: 'waiting', why: 'the same picture' });
    await on.pass(500);
    expect([on.cameras.length, on.newest.openings, on.cameras[0]?.closed]).toEqual([2, 2, 1]);
    await on.camera.deliver();
    await on.pass(5000);
    expect(on.states.at(-1)).toMatchObject({ state: 'waiting', why: 'the camera stopped delivering frames' });
  });

  test('one that is closed already is not given up once more: it waits its time, and the next one is read', async () => {
    const on = await stage();
    await on.camera.deliver();
    await on.pass(5000);
    expect([on.newest.live, on.states.at(-1)?.state]).toEqual([false, 'waiting']);
    on.newest.reopen('the same picture');
    await settle();
    expect(on.cameras.length).toBe(1);
    await on.pass(500);
    await on.camera.deliver();
    expect([on.newest.live, on.states.at(-1)?.state]).toEqual([true, 'live']);
  });

  test('a camera that stalls is closed and opened again', async () => {
    const on = await stage();
    await on.camera.deliver();
    await on.pass(5000);
    expect([on.cameras.length, on.camera.closed]).toEqual([1, 1]);
    expect(on.states.at(-1)).toMatchObject({ state: 'waiting', retryMs: 500, why: expect.stringContaining('stopped') });
    await on.pass(500);
    expect(on.cameras.length).toBe(2);
    await on.camera.deliver();
    expect(on.states.at(-1)).toEqual({ state: 'live' });
  });

  test('a camera that delivers in time stays open', async () => {
    const on = await stage();
    for (let i = 0; i < 10; i++) {
      await on.pass(4999);
      await on.camera.deliver();
    }
    expect(on.cameras.length).toBe(1);
  });

  test('a camera that cannot be opened is tried again without end, with growing pauses', async () => {
    const on = new Stage(true, 'no such device');
    onTestFinished(() => on.newest.stop());
    for (let i = 0; i < 40; i++) await on.pass(4000);
    expect(on.pauses.length).toBeGreaterThanOrEqual(39);
    expect(on.pauses.slice(0, 6)).toEqual([500, 1000, 2000, 4000, 4000, 4000]);
    expect(on.states.at(-1)).toMatchObject({ state: 'waiting', why: 'no such device' });
    on.openFault = undefined;
    await on.pass(4000);
    expect(on.cameras.length).toBe(1);
  });

  test.each<[string, (camera: FakeCamera, on: Stage) => Promise<void>]>([
    ['stalls', (_camera, on) => on.pass(5000)],
    ['throws', (camera) => camera.fail('cable')],
    ['ends', (camera) => camera.end()],
  ])('after a camera that worked and then %s, the first pause is short again', async (_how, breakIt) => {
    const on = await stage();
    for (let i = 0; i < 3; i++) {
      await on.camera.fail('loose contact');
      await on.pass(4000);
    }
    for (let i = 0; i < 60; i++) await on.camera.deliver();
    await breakIt(on.camera, on);
    expect(on.pauses).toEqual([500, 1000, 2000, 500]);
  });

  test('one frame is not enough to count as working: the pauses keep growing', async () => {
    const on = await stage();
    for (let i = 0; i < 4; i++) {
      await on.camera.deliver();
      await on.camera.fail('loose contact');
      await on.pass(4000);
    }
    expect(on.pauses).toEqual([500, 1000, 2000, 4000]);
  });

  test('frame numbers keep growing when a camera is opened again and counts from zero', async () => {
    const on = await stage();
    const numbers: (number | undefined)[] = [];
    for (let i = 0; i < 3; i++) {
      on.countFrom(0);
      await on.camera.deliver();
      numbers.push((await on.newest.next())?.index);
      await on.camera.deliver();
      numbers.push((await on.newest.next())?.index);
      await on.camera.fail('loose contact');
      await on.pass(4000);
    }
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('a late frame of a camera that was given up is freed and never handed out', async () => {
    const on = await stage();
    const silent = on.camera;
    await on.pass(5000);
    await silent.deliver();
    expect(on.released).toEqual([0]);
    const next = on.newest.next();
    await on.pass(500);
    await on.camera.deliver();
    expect((await next)?.index).toBe(1);
  });

  test('a late error of a camera that was given up is ignored', async () => {
    const on = await stage();
    const silent = on.camera;
    await on.pass(5000);
    await silent.fail('too late');
    expect(on.states.filter(({ state }) => state === 'waiting')).toHaveLength(1);
  });
});

describe('the end', () => {
  test('stopping while the camera is read closes it, frees the late frame and lets the reader go', async () => {
    const on = await stage();
    const next = on.newest.next();
    const stopped = on.newest.stop();
    expect(await next).toBeUndefined();
    await stopped;
    expect(on.camera.closed).toBe(1);
    await on.camera.deliver();
    expect(on.released).toEqual([0]);
    expect(on.states.at(-1)).toEqual({ state: 'ended' });
  });

  test('stopping in a pause ends at once, and nothing is opened afterwards', async () => {
    const on = await stage();
    await on.camera.fail('cable');
    await on.newest.stop();
    await on.pass(60_000);
    expect(on.cameras.length).toBe(1);
    expect(await on.newest.next()).toBeUndefined();
  });

  test('a recording loses no frame and ends after its last one', async () => {
    const on = await stage(false);
    const seen: (number | undefined)[] = [];
    for (let i = 0; i < 5; i++) {
      await on.camera.deliver();
      expect(on.camera.reads).toBe(i + 1);
      seen.push((await on.newest.next())?.index);
      await settle();
    }
    const last = on.newest.next();
    await on.camera.end();
    expect(await last).toBeUndefined();
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect([on.released, on.camera.closed, on.states.at(-1)?.state]).toEqual([[], 1, 'ended']);
  });

  test('a recording whose end comes before its last frame was taken still hands it out', async () => {
    const on = await stage(false);
    await on.camera.deliver();
    expect((await on.newest.next())?.index).toBe(0);
    await settle();
    await on.camera.deliver();
    expect((await on.newest.next())?.index).toBe(1);
  });
});
