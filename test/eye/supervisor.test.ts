import { describe, expect, test } from 'vitest';
import type { FromEye } from '../../src/eye/protocol.js';
import { measuredFace, observed } from '../face/faces.js';
import { pngHeader } from '../kit/pictures/headers.js';
import { EyeStage, type FakeEye, SETTINGS } from './fake-eye.js';

function started(): EyeStage {
  const stage = new EyeStage();
  stage.start();
  return stage;
}

function up(): EyeStage {
  const stage = started();
  stage.fake.ready();
  return stage;
}

const PHOTO = pngHeader(640, 480);
const answer = (id: number): FromEye => ({
  kind: 'photo',
  id,
  ok: true,
  width: 1,
  height: 1,
  turned: 0,
  proposed: 0,
  encoder: 'small@0123456789ab',
  faces: [],
});

describe('an eye that is well', () => {
  test('frames that were followed show that it sees; what it saw last is what it measured last', () => {
    const stage = up();
    stage.fake.say({ kind: 'camera', state: 'live' });
    const face = measuredFace();
    stage.fake.say(observed([face], { frame: 1 }));
    stage.clock.advance(500);
    stage.fake.say(observed([], { frame: 2, takenMs: 500, measuredMs: 500, followed: [face.box] }));
    expect(stage.observations.map(({ frame }) => frame)).toEqual([1, 2]);
    expect(stage.eye.newest?.frame).toBe(1);
    expect(stage.eye.blindMs).toBe(0);
  });

  test('an empty frame that needed no measuring is what it saw last: otherwise an empty gate would seem to see nothing', () => {
    const stage = up();
    stage.fake.say({ kind: 'camera', state: 'live' });
    stage.fake.say(observed([], { frame: 1 }));
    stage.clock.advance(1500);
    stage.fake.say(observed([], { frame: 2, takenMs: 1500, measuredMs: 1500, followed: [] }));
    expect(stage.eye.newest?.frame).toBe(2);
  });

  test('is told on which faces of a frame nothing is left to decide', () => {
    const stage = up();
    stage.eye.settle(observed([], { frame: 7 }), [3, 4]);
    expect(stage.fake.sent.at(-1)?.request).toEqual({ kind: 'settled', frame: 7, numbers: [3, 4] });
    stage.eye.stop();
    stage.eye.settle(observed([], { frame: 8 }), [5]);
    expect(stage.fake.sent.at(-1)?.request).toEqual({ kind: 'settled', frame: 7, numbers: [3, 4] });
  });

  test('is configured, becomes ready, and its observations arrive', () => {
    const stage = started();
    expect(stage.fake.sent).toEqual([{ request: { kind: 'configure', settings: SETTINGS }, blob: undefined }]);
    expect(stage.eye.status).toMatchObject({ state: 'starting', pid: 100, restarts: 0 });
    stage.fake.ready();
    stage.fake.say({ kind: 'camera', state: 'live' });
    stage.fake.say(observed([]));
    stage.fake.say({ kind: 'alive', rssBytes: 12_345, busyMs: 0 });
    expect(stage.eye.status).toMatchObject({ state: 'up', rssBytes: 12_345, camera: { state: 'live', why: null } });
    expect(stage.observations).toHaveLength(1);
    expect(stage.reported.map(({ state }) => state)).toEqual(['starting', 'up', 'up']);
  });

  test('is left alone as long as it gives signs of life', () => {
    const stage = up();
    stage.live(3600);
    expect([stage.eyes.length, stage.fake.killed]).toEqual([1, 0]);
  });

  test('that says the same of its camera again and again is reported once', () => {
    const stage = up();
    const before = stage.reported.length;
    for (let i = 0; i < 50; i++) stage.fake.say({ kind: 'camera', state: 'waiting', why: 'cable' });
    expect(stage.reported).toHaveLength(before + 1);
    expect(stage.eyes[0]?.killed).toBe(0);
  });

  test.each(['frozen', 'dark'] as const)('with a camera that is %s says so, and when it is over', (fault) => {
    const stage = up();
    stage.fake.say({ kind: 'camera', state: 'live' });
    stage.fake.say({ kind: 'camera', state: 'live', fault });
    expect(stage.reported.at(-1)?.camera).toEqual({
      state: 'live',
      why: expect.stringMatching(`^camera-${fault}: `),
      fault,
    });
    stage.fake.say({ kind: 'camera', state: 'live' });
    expect(stage.reported.at(-1)?.camera).toEqual({ state: 'live', why: null });
  });

  test.each([
    ['measures nothing is blind', undefined, 8000],
    ['need not measure, since the camera repeats itself, is not', true, 0],
    ['measures nothing new is blind', false, 8000],
  ] as const)('that %s', (_what, repeats, blindMs) => {
    const stage = up();
    stage.fake.say({ kind: 'camera', state: 'live' });
    for (let second = 0; second < 8; second++) {
      stage.clock.advance(1000);
      stage.fake.say({ kind: 'alive', rssBytes: 1, busyMs: 0, repeats });
      expect(stage.repeats > 0).toBe(repeats === true);
    }
    expect(stage.eye.blindMs).toBe(blindMs);
  });

  test('without a camera reports why', () => {
    const stage = up();
    stage.fake.say({ kind: 'camera', state: 'waiting', why: 'cable', attempt: 1, retryMs: 500 });
    expect(stage.eye.status.camera).toEqual({ state: 'waiting', why: 'cable' });
  });
});

describe('an eye that is not well is killed and replaced', () => {
  test.each<[string, string, (stage: EyeStage, fake: FakeEye) => void]>([
    ['one that dies', 'it was ended by SIGSEGV', (_stage, fake) => fake.exit('it was ended by SIGSEGV')],
    ['one that sends something invalid', 'no message', (_stage, fake) => fake.sendInvalid('no message')],
    ['one that hangs', 'it gave no sign of life for 4 s', (stage) => stage.clock.advance(4500)],
    [
      'one that floods',
      'it sent more than 100 messages within a second',
      (_stage, fake) => {
        for (let i = 0; i < 101; i++) fake.say({ kind: 'alive', rssBytes: 1, busyMs: 0 });
      },
    ],
    [
      'one that sends a frame from the future',
      'it sent a frame of another time than now',
      (_stage, fake) => fake.say(observed([], { takenMs: 1e12, measuredMs: 1e12 })),
    ],
    [
      'one that sends more faces than anybody can measure',
      'it sent more than 50 faces within a second',
      (_stage, fake) => {
        for (let i = 0; i < 4; i++)
          fake.say(
            observed(
              Array.from({ length: 16 }, () => measuredFace()),
              { frame: i },
            ),
          );
      },
    ],
    [
      'one whose camera changes faster than any camera',
      'its camera changed more than 10 times within a second',
      (_stage, fake) => {
        for (let i = 0; i < 11; i++) fake.say({ kind: 'camera', state: 'waiting', why: `cable ${i}` });
      },
    ],
    [
      'one that hangs while it measures a picture',
      'it has been at one picture for 11 s',
      (_stage, fake) => fake.say({ kind: 'alive', rssBytes: 1, busyMs: 11_000 }),
    ],
    [
      'one whose observation the gate cannot use',
      'its observation could not be used: embeddings of 3 and 4 numbers',
      (stage, fake) => {
        stage.observationFault = 'embeddings of 3 and 4 numbers';
        fake.say(observed([]));
      },
    ],
    [
      'one that says why it ends',
      'the model is missing',
      (_stage, fake) => {
        fake.say({ kind: 'fault', code: 'KAIMON_MODEL_LOAD', message: 'the model is missing' });
        fake.exit('it ended with exit code 1');
      },
    ],
  ])('%s', (_what, why, act) => {
    const stage = up();
    const first = stage.fake;
    act(stage, first);
    expect(first.killed).toBe(1);
    expect(stage.eye.status).toMatchObject({
      state: 'waiting',
      restarts: 1,
      lastFault: why,
      pid: null,
      camera: { state: 'closed' },
    });
    expect(stage.reported.at(-1)).toEqual(stage.eye.status);
    stage.clock.advance(500);
    expect(stage.eyes).toHaveLength(2);
    stage.fake.ready();
    expect(stage.eye.status).toMatchObject({ state: 'up', restarts: 1, pid: 101 });
  });

  test('one that is never ready is replaced after a minute', () => {
    const stage = started();
    stage.clock.advance(60_000);
    expect(stage.eyes).toHaveLength(1);
    stage.clock.advance(750);
    expect(stage.eye.status.lastFault).toBe('it was not ready after 60 s');
  });

  test('one that cannot even be started is tried again', () => {
    const stage = new EyeStage();
    stage.startFault = 'spawn EAGAIN';
    stage.start();
    expect(stage.eye.status).toMatchObject({ state: 'waiting', lastFault: 'it cannot be started: spawn EAGAIN' });
    stage.startFault = undefined;
    stage.clock.advance(500);
    stage.fake.ready();
    expect(stage.eye.status).toMatchObject({ state: 'up', restarts: 1 });
  });

  test('what a replaced eye still sends is ignored', () => {
    const stage = up();
    const old = stage.fake;
    old.sendInvalid('no message');
    old.say(observed([]));
    old.exit('it was ended by SIGKILL');
    stage.clock.advance(500);
    old.say(observed([]));
    old.sendInvalid('again');
    expect([stage.observations.length, stage.eyes.length, stage.eye.status.restarts]).toEqual([0, 2, 1]);
  });

  test('eyes that die at once are started again for ever, with growing pauses', () => {
    const stage = started();
    const pauses: number[] = [];
    for (let i = 0; i < 10; i++) {
      const count = stage.eyes.length;
      stage.fake.exit('it ended with exit code 1');
      const from = stage.clock.monotonic();
      while (stage.eyes.length === count) stage.clock.advance(100);
      pauses.push(stage.clock.monotonic() - from);
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000, 8000]);
  });

  test('after an eye that ran for a minute the pause is short again', () => {
    const stage = up();
    for (let i = 0; i < 4; i++) {
      stage.fake.exit('x');
      stage.clock.advance(8000);
    }
    stage.fake.ready();
    stage.live(61);
    const { length } = stage.eyes;
    stage.fake.exit('x');
    stage.clock.advance(500);
    expect(stage.eyes.length).toBe(length + 1);
  });

  test('a camera that delivers frames without a face counts neither as a flood nor as a hang', () => {
    const stage = up();
    for (let i = 0; i < 600; i++) {
      stage.clock.advance(33);
      stage.fake.say(observed([], { frame: i }));
    }
    expect([stage.eyes.length, stage.observations.length]).toEqual([1, 600]);
  });
});

describe('photos', () => {
  test('a photo is sent and its answer comes back to the one who asked', async () => {
    const stage = up();
    const first = stage.eye.measurePhoto(PHOTO);
    const firstId = stage.fake.lastRequestId;
    const second = stage.eye.measurePhoto(pngHeader(320, 240));
    expect(stage.fake.sent.at(-2)).toEqual({ request: { kind: 'photo', id: firstId, turn: true }, blob: PHOTO });
    stage.fake.say(answer(stage.fake.lastRequestId));
    stage.fake.say(answer(firstId));
    stage.fake.say(answer(firstId));
    stage.fake.say(answer(999));
    expect((await second).id).not.toBe((await first).id);
    expect((await first).ok).toBe(true);
  });

  test('a photo of which the eye dies is answered with fault', async () => {
    const stage = up();
    const measured = stage.eye.measurePhoto(PHOTO);
    stage.fake.exit('it was ended by SIGABRT');
    expect(await measured).toMatchObject({ ok: false, reason: 'fault' });
  });

  test('a photo that the eye never answers is answered with fault', async () => {
    const stage = up();
    const measured = stage.eye.measurePhoto(PHOTO);
    stage.live(20);
    expect(await measured).toMatchObject({ ok: false, reason: 'fault' });
  });

  test('a file that is no picture is not sent to the eye', async () => {
    const stage = new EyeStage();
    stage.start();
    stage.fake.say({ kind: 'ready', encoder: 'small@0123456789ab' });
    const before = stage.fake.sent.length;
    expect(await stage.eye.measurePhoto(Buffer.from('a photo'))).toMatchObject({ ok: false, reason: 'unusable' });
    expect(stage.fake.sent).toHaveLength(before);
  });

  test('while the eye is not ready a photo is answered with busy', async () => {
    const stage = started();
    expect(await stage.eye.measurePhoto(PHOTO)).toMatchObject({ ok: false, reason: 'busy' });
    expect(stage.fake.sent).toHaveLength(1);
  });

  test('a photo is refused at once when the eye takes no more, or when too many wait already', async () => {
    const stage = up();
    stage.fake.full = true;
    expect(await stage.eye.measurePhoto(PHOTO)).toMatchObject({ ok: false });
    stage.fake.full = false;
    for (let i = 0; i < 16; i++) void stage.eye.measurePhoto(PHOTO);
    const sent = stage.fake.sent.length;
    expect(await stage.eye.measurePhoto(PHOTO)).toMatchObject({ ok: false });
    expect(stage.fake.sent.length).toBe(sent);
  });

  test('a picture of the newest frame comes with its marks; without a frame there is none', async () => {
    const stage = up();
    const marks = [{ box: { x: 1, y: 2, width: 3, height: 4 }, text: 'Ada', tone: 'good' as const }];
    const first = stage.eye.snapshot(marks);
    expect(stage.fake.sent.at(-1)?.request).toMatchObject({ kind: 'snapshot', marks });
    stage.fake.say({ kind: 'snapshot', id: stage.fake.lastRequestId, ok: true }, Buffer.from('jpeg'));
    expect((await first)?.toString()).toBe('jpeg');
    const second = stage.eye.snapshot([]);
    stage.fake.say({ kind: 'snapshot', id: stage.fake.lastRequestId, ok: false });
    expect(await second).toBeUndefined();
  });
});

describe('the end', () => {
  test('stopping kills the eye, answers all waiting requests, and starts no other eye', async () => {
    const stage = up();
    const measured = stage.eye.measurePhoto(PHOTO);
    stage.eye.stop();
    expect(await measured).toMatchObject({ ok: false, reason: 'fault' });
    stage.fake.exit('it was ended by SIGKILL');
    stage.clock.advance(600_000);
    expect([stage.eyes.length, stage.fake.killed, stage.eye.status.state]).toEqual([1, 1, 'stopped']);
    expect(await stage.eye.snapshot([])).toBeUndefined();
  });

  test('a failed start that is reported twice is followed by one new start only', () => {
    const stage = new EyeStage();
    stage.startFault = 'no descriptors left';
    stage.start();
    for (let round = 1; round <= 6; round++) {
      expect(stage.launches).toBe(round);
      stage.failedStarts.at(-1)?.onExit('it cannot be started: EMFILE');
      // The longest pause is 8 s; a second timer would start a second eye in it.
      stage.clock.advance(round < 5 ? 500 * 2 ** (round - 1) : 8000);
    }
    stage.startFault = undefined;
    stage.clock.advance(8000);
    stage.clock.advance(8000);
    expect(stage.eyes).toHaveLength(1);
    stage.eye.stop();
    for (const failed of stage.failedStarts) failed.onExit('late');
    stage.clock.advance(600_000);
    expect(stage.eyes).toHaveLength(1);
  });

  test('after a stop during the pause no eye is started', () => {
    const stage = up();
    stage.fake.exit('x');
    stage.eye.stop();
    stage.clock.advance(600_000);
    expect(stage.eyes).toHaveLength(1);
  });
});
