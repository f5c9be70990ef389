import type { Adapter } from 'lowdb';
import { describe, expect, test, vi } from 'vitest';
import type { Observation } from '../../src/face/observation.js';
import { type HandlerParts, requestHandlers } from '../../src/gate/request-handlers.js';
import { OperatingError } from '../../src/kit/errors.js';
import { RequestError } from '../../src/site/messages.js';
import type { PeopleDocument } from '../../src/store/people-document.js';
import { measuredFace, observed } from '../face/faces.js';
import { LIMITS } from '../face/sample.js';
import { apart, direction, ENCODER } from '../person/sample.js';
import { office, photo } from './office.js';

const context = { by: 'admin', id: '00000000-0000-4000-8000-000000000000' };
const JPEG = new Uint8Array([0xff, 0xd8, 0xff]);

/** A disk that can be full, or hang; keeps what was written. */
class Disk implements Adapter<PeopleDocument> {
  kept: PeopleDocument | null = null;
  full = false;
  /** Writes that wait until it answers again; undefined while it does. */
  hanging: (() => void)[] | undefined;
  read = async () => this.kept;
  write = async (document: PeopleDocument) => {
    if (this.full) throw FULL;
    await new Promise<void>((resolve) => (this.hanging ? this.hanging.push(resolve) : resolve()));
    this.kept = document;
  };
}
const FULL = new OperatingError('KAIMON_FILE_WRITE', 'cannot write the file: the disk is full');

async function gateWithHandlers(change: Partial<HandlerParts> = {}, storage?: Disk) {
  const parts = await office(storage);
  const opened: (string | undefined)[][] = [];
  const reported: unknown[][] = [];
  const erased: string[] = [];
  const forgiven: string[] = [];
  let seen: Observation | undefined;
  const handlers = requestHandlers({
    ...parts,
    measurePhoto: async () => photo([measuredFace({ vector: direction(0) })]),
    newestObservation: () => seen,
    snapshot: async () => Buffer.from('a picture'),
    limits: LIMITS,
    claimThreshold: (templates) => 0.4 / templates,
    door: {
      open: (by, reason) => void opened.push(['open', by, reason]),
      lock: async (by, reason) => void opened.push(['lock', by, reason]),
      setMode: async (mode, by, reason) => void opened.push([mode, by, reason]),
      now: () => ({ mode: 'normal', state: 'locked' }),
    },
    reports: {
      enrolled: ({ id }, forced) => void reported.push(['enrolled', id, forced]),
      removed: (id, by) => void reported.push(['removed', id, by]),
      forgiven: (id, by) => void reported.push(['forgiven', id, by]),
      snapshotTaken: (by) => void reported.push(['snapshot', by]),
      verified: (id, by, same) => void reported.push(['verified', id, by, same]),
    },
    passback: { forgive: async (id) => void forgiven.push(id) },
    journal: { erase: async (id) => erased.push(id), reader: undefined },
    eraseCopies: async () => void erased.push('copies'),
    version: '1.2.3',
    ...change,
  });
  const see = (angle: number, takenMs: number) => {
    seen = observed([measuredFace({ vector: direction(angle) })], { takenMs });
  };
  return { ...parts, handlers, opened, reported, erased, forgiven, see };
}

const codeOf = (done: Promise<unknown>): Promise<string> =>
  done.then(
    () => 'done',
    (thrown: unknown) => (thrown instanceof RequestError ? thrown.code : `not a refusal: ${String(thrown)}`),
  );

describe('requests over MQTT', () => {
  test('enroll with a photo answers with the person, without templates', async () => {
    const { handlers, store } = await gateWithHandlers();
    const result = await handlers.enroll({ name: 'Ada', photo: JPEG }, context);
    expect(result).toEqual({
      id: 'ada',
      name: 'Ada',
      templates: 1,
      version: store.get('ada')?.version,
      quality: 0.9,
      nearest: null,
      namesakes: [],
      kept: 1,
    });
    expect(store.get('ada')?.by).toBe('admin');
  });

  test('enroll from the camera takes the person who stands there now', async () => {
    const { handlers, clock, see, gallery } = await gateWithHandlers();
    clock.advance(5000);
    see(1, 4000);
    await handlers.enroll({ name: 'Ada', from: 'camera' }, context);
    expect(gallery.distanceTo('ada', direction(1))).toBeCloseTo(0, 5);
  });

  test('enroll from the camera never takes a person who stood there before', async () => {
    const { handlers, clock, see, store } = await gateWithHandlers();
    expect(await codeOf(handlers.enroll({ name: 'Ada', from: 'camera' }, context))).toBe('stale');
    see(1, 3999);
    clock.advance(5000);
    expect(await codeOf(handlers.enroll({ name: 'Ada', from: 'camera' }, context))).toBe('stale');
    expect(store.size).toBe(0);
  });

  test.each([
    ['enroll with a photo without a face', { measurePhoto: async () => photo([]) }, 'no-face'],
    [
      'enroll while the eye is not ready',
      { measurePhoto: async () => ({ kind: 'photo', id: 0, ok: false, reason: 'busy', message: 'wait' }) as const },
      'busy',
    ],
  ])('%s is refused with its code', async (_what, change, code) => {
    const { handlers } = await gateWithHandlers(change);
    expect(await codeOf(handlers.enroll({ name: 'Ada', photo: JPEG }, context))).toBe(code);
  });

  test('enroll with the id of a person who was removed is refused as a bad request', async () => {
    const { handlers } = await gateWithHandlers();
    await handlers.enroll({ name: 'Ada', photo: JPEG }, context);
    await handlers.remove({ id: 'ada' }, context);
    expect(await codeOf(handlers.enroll({ name: 'Ada', id: 'ada', photo: JPEG }, context))).toBe('bad-request');
  });

  test('remove removes a person, and is refused when nobody has the id', async () => {
    const { handlers, store, gallery } = await gateWithHandlers();
    await handlers.enroll({ name: 'Ada', photo: JPEG }, context);
    expect(await handlers.remove({ id: 'ada' }, context)).toEqual({
      id: 'ada',
      version: store.tombstones().get('ada')?.version,
    });
    expect([store.size, gallery.size]).toEqual([0, 0]);
    expect(await codeOf(handlers.remove({ id: 'ada' }, context))).toBe('unknown-person');
  });

  test('enrolled people, forced ones too, and removed people are reported', async () => {
    const { handlers, reported } = await gateWithHandlers();
    await handlers.enroll({ name: 'Ada', photo: JPEG }, context);
    await handlers.enroll({ name: 'Eve', photo: JPEG, force: true }, context);
    await handlers.remove({ id: 'eve' }, context);
    expect(await codeOf(handlers.remove({ id: 'eve' }, context))).toBe('unknown-person');
    expect(reported).toEqual([
      ['enrolled', 'ada', undefined],
      ['enrolled', 'eve', 'ada'],
      ['removed', 'eve', 'admin'],
    ]);
  });

  test('remove with erase takes the person out of the journal, also where another gate has removed them before', async () => {
    const { handlers, erased, store } = await gateWithHandlers();
    await handlers.enroll({ name: 'Ada', photo: JPEG }, context);
    const version = () => store.tombstones().get('ada')?.version;
    expect(await handlers.remove({ id: 'ada', erase: true }, context)).toEqual({
      id: 'ada',
      version: version(),
      erased: 1,
    });
    expect(await handlers.remove({ id: 'ada', erase: true }, context)).toEqual({ id: 'ada', version: null, erased: 3 });
    expect(erased).toEqual(['ada', 'copies', 'ada', 'copies']);
  });

  test('forgive forgets where an enrolled person is, if anti-passback is on', async () => {
    const { handlers, reported, forgiven } = await gateWithHandlers();
    await handlers.enroll({ name: 'Ada', photo: JPEG }, context);
    expect(await handlers.forgive({ id: 'ada' }, context)).toEqual({ id: 'ada' });
    expect(reported.at(-1)).toEqual(['forgiven', 'ada', 'admin']);
    expect(await codeOf(handlers.forgive({ id: 'eve' }, context))).toBe('unknown-person');
    expect(forgiven).toEqual(['ada']);
    const off = await gateWithHandlers({ passback: undefined });
    await off.handlers.enroll({ name: 'Ada', photo: JPEG }, context);
    expect(await codeOf(off.handlers.forgive({ id: 'ada' }, context))).toBe('not-allowed');
  });

  test('people lists people by id, page by page, and never a template', async () => {
    const { handlers, take } = await gateWithHandlers();
    for (const [i, name] of ['Cleo', 'Ada', 'Bob'].entries()) await take(name, i * 2);
    const page = (offset: number, limit: number) => handlers.people({ offset, limit }, context);
    expect(await page(0, 2)).toMatchObject({
      count: 3,
      offset: 0,
      people: [{ id: 'ada', templates: 1 }, { id: 'bob' }],
    });
    expect(await page(2, 2)).toMatchObject({ count: 3, people: [{ id: 'cleo' }] });
    expect(await page(9, 2)).toMatchObject({ count: 3, people: [] });
    expect(JSON.stringify(await page(0, 200))).not.toContain(ENCODER);
  });

  test('open releases the door in the name that the request gives', async () => {
    const { handlers, opened } = await gateWithHandlers();
    expect(await handlers.open({ reason: 'parcel' }, context)).toEqual({ opened: true });
    expect(opened).toEqual([['open', 'admin', 'parcel']]);
  });

  test.each([
    ['fault', 'door-fault'],
    ['stopped', 'door-fault'],
    ['door-mode', 'door-mode'],
  ] as const)('open at a door that cannot or may not open (%s) is refused as %s', async (why, code) => {
    const now = () => ({ mode: 'locked', state: 'locked' }) as const;
    const { handlers } = await gateWithHandlers({
      door: { open: () => why, lock: async () => undefined, setMode: async () => undefined, now },
    });
    expect(await codeOf(handlers.open({}, context))).toBe(code);
  });

  test('lock and mode are done in the name that the request gives, and answer with the state of the door', async () => {
    const { handlers, opened } = await gateWithHandlers();
    expect(await handlers.lock({ reason: 'evening' }, context)).toEqual({ mode: 'normal', state: 'locked' });
    expect(await handlers.mode({ mode: 'locked' }, context)).toEqual({ mode: 'normal', state: 'locked' });
    expect(opened).toEqual([
      ['lock', 'admin', 'evening'],
      ['locked', 'admin', undefined],
    ]);
  });

  test('snapshot answers with a picture of this moment, and reports who asked', async () => {
    const { handlers, see, clock, reported } = await gateWithHandlers();
    expect(await codeOf(handlers.snapshot({}, context))).toBe('stale');
    clock.advance(5000);
    see(0, 4500);
    expect(await handlers.snapshot({}, context)).toEqual({
      time: '2026-11-24T08:00:04.500Z',
      type: 'image/jpeg',
      bytes: 9,
      photo: Buffer.from('a picture').toString('base64'),
    });
    expect(reported).toEqual([['snapshot', 'admin']]);
  });

  test.each<[string, Partial<HandlerParts>, string]>([
    ['where it is off', { snapshot: undefined }, 'not-allowed'],
    ['where the eye has no picture', { snapshot: async () => undefined }, 'stale'],
    ['where it is too large', { snapshot: async () => Buffer.alloc(3 * 1024 * 1024 + 1) }, 'too-large'],
  ])('snapshot %s is refused and reports nothing', async (_where, change, code) => {
    const { handlers, see, reported } = await gateWithHandlers(change);
    see(0, 0);
    expect(await codeOf(handlers.snapshot({}, context))).toBe(code);
    expect(reported).toEqual([]);
  });

  test('verify compares a photo, or whoever stands there, with the one person, and moves no door', async () => {
    const { handlers, take, see, opened, reported } = await gateWithHandlers();
    await take('Ada', 0.3);
    await take('Bob', 2);
    const of = async (id: string) => handlers.verify({ id, photo: JPEG }, context);
    expect(await of('ada')).toEqual({
      id: 'ada',
      same: true,
      distance: Math.round(apart(0.3) * 10) / 10,
      threshold: 0.4,
    });
    expect(await of('bob')).toMatchObject({ id: 'bob', same: false, threshold: 0.4 });
    see(2, 0);
    expect(await handlers.verify({ id: 'bob', from: 'camera' }, context)).toMatchObject({ same: true });
    expect(await codeOf(handlers.verify({ id: 'eve', photo: JPEG }, context))).toBe('unknown-person');
    expect(opened).toEqual([]);
    expect(reported).toEqual([
      ['verified', 'ada', 'admin', true],
      ['verified', 'bob', 'admin', false],
      ['verified', 'bob', 'admin', true],
    ]);
  });

  test.each<[string, Partial<HandlerParts>, string]>([
    ['a photo without a face', { measurePhoto: async () => photo([]) }, 'no-face'],
    ['a photo of two', { measurePhoto: async () => photo([measuredFace({}), measuredFace({})]) }, 'several-faces'],
    [
      'a photo while the eye is not ready',
      { measurePhoto: async () => ({ kind: 'photo', id: 0, ok: false, reason: 'busy', message: 'wait' }) as const },
      'busy',
    ],
    [
      'an embedding of another encoder',
      { measurePhoto: async () => photo([measuredFace({ vector: direction(0) })], 'other@000000000000') },
      'model-fault',
    ],
  ])('verify with %s is refused with its code', async (_what, change, code) => {
    const { handlers, take } = await gateWithHandlers(change);
    await take('Ada', 0);
    expect(await codeOf(handlers.verify({ id: 'ada', photo: JPEG }, context))).toBe(code);
  });

  test('ping answers with time and version', async () => {
    const { handlers } = await gateWithHandlers();
    expect(await handlers.ping({}, context)).toEqual({ time: '2026-11-24T08:00:00.000Z', version: '1.2.3' });
  });
});

describe('while the disk is full, a request that was done is told as done, is reported, and is saved later', () => {
  const messageOf = (done: Promise<unknown>) =>
    done.then(
      () => 'done',
      (thrown: unknown) => `${(thrown as RequestError).code}: ${(thrown as Error).message}`,
    );
  /** The store tries again by itself. */
  const room = async ({ clock }: { clock: { advance(ms: number): void } }, disk: Disk, written: () => boolean) => {
    disk.full = false;
    clock.advance(60_000);
    await vi.waitFor(() => expect(written()).toBe(true));
  };

  test('enroll', async () => {
    const disk = new Disk();
    const gate = await gateWithHandlers({}, disk);
    disk.full = true;
    expect(await messageOf(gate.handlers.enroll({ name: 'Ada', photo: JPEG }, context))).toMatch(
      /^not-saved: "ada" is enrolled, and that counts from now on; but it is not on this gate's disk yet.*the disk is full$/,
    );
    expect([gate.store.size, gate.gallery.size]).toEqual([1, 1]);
    expect(gate.reported).toEqual([['enrolled', 'ada', undefined]]);
    await room(gate, disk, () => disk.kept?.people.has('ada') === true);
  });

  test('remove, which is in force at once', async () => {
    const disk = new Disk();
    const gate = await gateWithHandlers({}, disk);
    await gate.handlers.enroll({ name: 'Ada', photo: JPEG }, context);
    disk.full = true;
    expect(await messageOf(gate.handlers.remove({ id: 'ada' }, context))).toMatch(/^not-saved: "ada" is removed/);
    expect([gate.store.size, gate.gallery.size]).toEqual([0, 0]);
    expect(gate.reported.at(-1)).toEqual(['removed', 'ada', 'admin']);
    await room(gate, disk, () => disk.kept?.removed.has('ada') === true);
  });

  test('remove with erase, which erases nothing yet and says so', async () => {
    const disk = new Disk();
    const gate = await gateWithHandlers({}, disk);
    await gate.handlers.enroll({ name: 'Ada', photo: JPEG }, context);
    disk.full = true;
    expect(await messageOf(gate.handlers.remove({ id: 'ada', erase: true }, context))).toMatch(
      /^not-saved: "ada" is removed.*Nothing that names them is erased: send the request once more .*: .*the disk is full$/,
    );
    expect([gate.store.size, gate.erased]).toEqual([0, []]);
    await room(gate, disk, () => disk.kept?.removed.has('ada') === true);
    expect(await gate.handlers.remove({ id: 'ada', erase: true }, context)).toMatchObject({ version: null, erased: 1 });
  });

  test('remove on a disk that hangs: told within ten seconds that it counts, and saved once the disk answers', async () => {
    const disk = new Disk();
    const gate = await gateWithHandlers({}, disk);
    await gate.handlers.enroll({ name: 'Ada', photo: JPEG }, context);
    const hanging: (() => void)[] = [];
    disk.hanging = hanging;
    const told = messageOf(gate.handlers.remove({ id: 'ada' }, context));
    await vi.waitFor(() => expect(hanging).toHaveLength(1));
    gate.clock.advance(10_000);
    expect(await told).toMatch(
      /^not-saved: "ada" is removed, and that counts from now on; but it is not on this gate's disk yet.*the disk has not answered for 10 seconds$/,
    );
    expect([gate.store.size, gate.gallery.size]).toEqual([0, 0]);
    expect(gate.reported.at(-1)).toEqual(['removed', 'ada', 'admin']);
    expect(await messageOf(gate.handlers.enroll({ name: 'Bob', photo: JPEG }, context))).toMatch(/^not-saved: "bob"/);
    disk.hanging = undefined;
    for (const answer of hanging) answer();
    await vi.waitFor(() => expect(disk.kept?.removed.has('ada') && disk.kept.people.has('bob')).toBe(true));
    await vi.waitFor(() => expect(gate.store.fault).toBeUndefined());
  });

  test('remove with erase: what was done and what is to be repeated', async () => {
    const gate = await gateWithHandlers({ journal: { erase: () => Promise.reject(FULL), reader: undefined } });
    await gate.handlers.enroll({ name: 'Ada', photo: JPEG }, context);
    await expect(gate.handlers.remove({ id: 'ada', erase: true }, context)).rejects.toMatchObject({
      message: expect.stringMatching(/^"ada" is removed, but not everything that names them is erased.*once more/),
    });
    expect(gate.reported.at(-1)).toEqual(['removed', 'ada', 'admin']);
  });

  test.each([
    ['forgive', 'is forgiven', { passback: { forgive: () => Promise.reject(FULL) } }],
    ['mode', 'the door is in the mode locked', { door: undefined }],
    ['lock', 'the door is locked', { door: undefined }],
  ] as const)('%s', async (verb, done, change) => {
    const refusing = () => Promise.reject(FULL);
    const now = () => ({ mode: 'locked', state: 'locked' }) as const;
    const door = { open: () => undefined, lock: refusing, setMode: refusing, now };
    const { handlers } = await gateWithHandlers({ ...change, door });
    await handlers.enroll({ name: 'Ada', photo: JPEG }, context);
    const asked = {
      forgive: () => handlers.forgive({ id: 'ada' }, context),
      mode: () => handlers.mode({ mode: 'locked' }, context),
      lock: () => handlers.lock({}, context),
    };
    const told = await messageOf(asked[verb]());
    expect(told).toMatch(/^not-saved: /);
    expect(told).toContain(done);
  });
});
