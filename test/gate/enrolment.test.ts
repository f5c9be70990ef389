import { describe, expect, test } from 'vitest';
import type { PhotoAnswer } from '../../src/eye/protocol.js';
import { EnrolmentRefused } from '../../src/gate/enrolment.js';
import { OperatingError } from '../../src/kit/errors.js';
import { measuredFace } from '../face/faces.js';
import { direction, ENCODER, someone } from '../person/sample.js';
import { office, photo } from './office.js';

const photoOf = (faces: Parameters<typeof photo>[0]) => ({ faces, encoder: ENCODER, turned: 0 });

const refusal = (enrolled: Promise<unknown>): Promise<[string, string]> =>
  enrolled.then(
    () => ['taken', ''],
    (thrown: unknown) => {
      if (thrown instanceof EnrolmentRefused) return [thrown.code, thrown.message];
      if (thrown instanceof OperatingError) return [thrown.code, thrown.message];
      throw thrown;
    },
  );

describe('enrolment', () => {
  test('one photo is enough: the person is stored and can be recognised', async () => {
    const { store, gallery, take } = await office();
    const { person, quality, nearest } = await take('Ada Lovelace', 0, { groups: ['staff'], language: 'en' });
    expect(person).toMatchObject({
      id: 'ada-lovelace',
      name: 'Ada Lovelace',
      groups: ['staff'],
      language: 'en',
      by: 'admin',
    });
    expect(person.templates).toMatchObject([{ encoder: ENCODER, quality: 0.9, added: '2026-11-24T08:00:00.000Z' }]);
    expect([quality, nearest, store.get('ada-lovelace')]).toEqual([0.9, null, person]);
    expect(gallery.distanceTo('ada-lovelace', direction(0))).toBeCloseTo(0, 5);
  });

  test('the answer names the nearest other person', async () => {
    const { take } = await office();
    await take('Ada', 0);
    const { nearest } = await take('Bob', 1);
    expect(nearest?.id).toBe('ada');
    expect(nearest?.distance).toBeCloseTo(2 - 2 * Math.cos(1), 4);
  });

  test('two people of one name get two ids, also when both are enrolled at once', async () => {
    const { take } = await office();
    const both = await Promise.all([take('Ada', 0), take('Ada', 2)]);
    expect(both.map(({ person }) => person.id)).toEqual(['ada', 'ada-2']);
  });

  test('ids do not come from names unless that is wanted, and another person of the name is told of', async () => {
    const { take } = await office(undefined, 'random');
    const first = await take('Ada', 0);
    expect(first.person.id).toMatch(/^p-[0-9a-hjkmnp-tv-z]{10}$/);
    expect(first.namesakes).toEqual([]);
    const second = await take('Ada', 2);
    expect(second.person.id).not.toBe(first.person.id);
    expect(second.namesakes).toEqual([first.person.id]);
    expect((await take('Ada', 0.1, { id: first.person.id })).namesakes).toEqual([second.person.id]);
  });

  test('a further photo under the same id adds to the person and keeps what was known', async () => {
    const { clock, take } = await office();
    await take('Ada', 0, { groups: ['staff'], greeting: 'Hello {name}', validUntil: '2027-01-01T00:00:00.000Z' });
    clock.advance(1000);
    const { person } = await take('Ada L.', 0.2, { id: 'ada' });
    expect(person).toMatchObject({
      id: 'ada',
      name: 'Ada L.',
      groups: ['staff'],
      greeting: 'Hello {name}',
      validUntil: '2027-01-01T00:00:00.000Z',
    });
    expect(person.templates).toHaveLength(2);
  });

  test('a field given as null is cleared, a field not given stays', async () => {
    const { take } = await office();
    await take('Ada', 0, { greeting: 'Hello {name}', language: 'en', validUntil: '2027-01-01T00:00:00.000Z' });
    const { person } = await take('Ada', 0.1, { id: 'ada', greeting: null, validUntil: null });
    expect(person).toMatchObject({ greeting: null, validUntil: null, language: 'en' });
  });

  test('an end that is not after the start is refused, also when one of them was known before', async () => {
    const { store, take } = await office();
    await take('Ada', 0, { validUntil: '2027-01-01T00:00:00.000Z' });
    const refused = await refusal(take('Ada', 0.1, { id: 'ada', validFrom: '2027-01-01T00:00:00.000Z' }));
    expect(refused).toEqual(['bad-request', expect.stringContaining('the end must be later')]);
    expect(store.get('ada')?.validFrom).toBeNull();
  });

  test('a person without a template of this encoder gets one under the right name only', async () => {
    const { store, take } = await office();
    await store.put({ ...someone('ada', [], { name: 'Ada' }), by: 'other-gate' });
    expect(await refusal(take('Eve', 0, { id: 'ada' }))).toEqual([
      'bad-request',
      expect.stringContaining('is called Ada, not Eve'),
    ]);
    expect((await take('Ada', 0, { id: 'ada' })).person.templates).toHaveLength(1);
  });

  test.each([
    ['of another encoder', photo([measuredFace()], 'other@0123456789ab')],
    ['of another length', photo([measuredFace({ vector: Float32Array.from([1, 0]) })])],
    ['that holds NaN', photo([measuredFace({ vector: Float32Array.from([Number.NaN, 0, 0, 1]) })])],
    ['that is not of unit length', photo([measuredFace({ vector: Float32Array.from([1, 1, 1, 1]) })])],
  ])('an embedding %s enrols nobody', async (_what, answer) => {
    const { store, enrolment } = await office();
    expect((await refusal(enrolment.fromPhoto(answer, { name: 'Ada', force: true }, 'admin')))[0]).toBe('model-fault');
    expect(store.size).toBe(0);
  });

  test('of more photos than are allowed the best are kept, and the answer says how many of the new ones', async () => {
    const { store, enrolment, good } = await office();
    const add = (angle: number, overall: number) =>
      enrolment.fromPhoto(photo([good(angle, overall)]), { name: 'Ada', id: 'ada' }, 'admin');
    for (const [angle, overall] of [
      [0, 0.9],
      [0.1, 0.5],
      [0.2, 0.7],
    ] as const)
      expect((await add(angle, overall)).kept).toBe(1);
    expect((await add(0.3, 0.8)).kept).toBe(1);
    expect(store.get('ada')?.templates.map(({ quality }) => quality)).toEqual([0.9, 0.7, 0.8]);
    expect((await add(0.25, 0.6)).kept).toBe(0);
    expect(store.get('ada')?.templates.map(({ quality }) => quality)).toEqual([0.9, 0.7, 0.8]);
  });

  test('a photo that is given again takes its own place', async () => {
    const { take } = await office();
    await take('Ada', 0, { id: 'ada' });
    await take('Ada', 0.1, { id: 'ada' });
    expect((await take('Ada', 0, { id: 'ada' })).person.templates).toHaveLength(2);
  });

  describe('several photos at once', () => {
    test('are stored in one step: one version of the person, the best photos of them', async () => {
      const { store, enrolment, good } = await office();
      const photos = [0.5, 0.9, 0.7, 0.8].map((overall, i) => photoOf([good(i / 10, overall)]));
      const judged = enrolment.judge(photos, { name: 'Ada' });
      expect([judged.faults, store.revision]).toEqual([[], 0]);
      const { person, kept, quality } = await enrolment.take(judged, { name: 'Ada' }, 'admin');
      expect(person.templates.map((template) => template.quality)).toEqual([0.9, 0.7, 0.8]);
      expect([kept, quality, store.revision]).toEqual([3, 0.9, 1]);
    });

    test('each that cannot be used is named, nothing is stored, and the good ones can be taken afterwards', async () => {
      const { store, enrolment, good } = await office();
      const photos = [photoOf([good(0, 0.9)]), photoOf([]), photoOf([good(0.1, 0.9)]), photoOf([good(2, 0.9)])];
      const judged = enrolment.judge(photos, { name: 'Ada' });
      expect(judged.faults).toMatchObject([
        { photo: 1, code: 'no-face' },
        {
          photo: 3,
          code: 'bad-request',
          text: expect.stringContaining('does not show the person of the photos before'),
        },
      ]);
      expect([store.size, store.revision]).toEqual([0, 0]);
      expect((await enrolment.take(judged, { name: 'Ada' }, 'admin')).person.templates).toHaveLength(2);
      // Again, with the id that was given: nobody is there twice, and no photo is.
      const again = enrolment.judge(photos.slice(0, 1), { name: 'Ada', id: 'ada' });
      expect((await enrolment.take(again, { name: 'Ada', id: 'ada' }, 'admin')).person.templates).toHaveLength(2);
    });
  });

  test('a photo of which the way up cannot be told is refused by that name', async () => {
    const { enrolment, good } = await office();
    const unclear = { ...photoOf([good(0, 0.9)]), turned: null };
    expect(enrolment.judge([unclear], { name: 'Ada' }).faults).toMatchObject([
      { code: 'low-quality', text: expect.stringContaining('turn it so that the head is on top') },
    ]);
  });

  test('the same face under another name is refused, unless it is forced', async () => {
    const { store, take } = await office();
    await take('Ada', 0);
    expect(await refusal(take('Eve', 0.3))).toEqual(['duplicate-person', expect.stringContaining('too near to "ada"')]);
    expect(store.size).toBe(1);
    expect((await take('Twin', 0.3, { force: true })).person.id).toBe('twin');
  });

  test('an id never passes to another person, unless it is forced', async () => {
    const { store, take } = await office();
    await take('Ada', 0);
    expect(await refusal(take('Ada', 2, { id: 'ada' }))).toEqual([
      'bad-request',
      expect.stringContaining('it does not show "ada"'),
    ]);
    expect(store.get('ada')?.templates).toHaveLength(1);
    expect((await take('Ada', 2, { id: 'ada', force: true })).person.templates).toHaveLength(2);
  });

  test('the id of a person who was removed is not given again', async () => {
    const { store, take } = await office();
    await take('Ada', 0);
    await store.remove('ada', 'admin');
    expect((await take('Ada', 0)).person.id).toBe('ada-2');
    await store.remove('ada-2', 'admin');
    expect((await refusal(take('Ada', 0, { id: 'ada' })))[0]).toBe('KAIMON_PEOPLE_ID_USED');
  });

  test.each<[string, PhotoAnswer, string, string]>([
    ['without a face', photo([]), 'no-face', 'the photo was not taken: no face was found in it'],
    [
      'of two people',
      photo([measuredFace(), measuredFace({ vector: direction(2) })]),
      'several-faces',
      '2 faces are in it',
    ],
    ['that is blurred', photo([measuredFace({ quality: { sharpness: 1 } })]), 'low-quality', 'the face is blurred'],
    [
      'that cannot be read',
      { kind: 'photo', id: 1, ok: false, reason: 'unusable', message: 'it is empty' },
      'bad-request',
      'it is empty',
    ],
    [
      'that could not be measured',
      { kind: 'photo', id: 1, ok: false, reason: 'fault', message: 'the eye failed' },
      'model-fault',
      'the eye failed',
    ],
    [
      'that came while the eye was busy',
      { kind: 'photo', id: 1, ok: false, reason: 'busy', message: 'try again' },
      'busy',
      'try again',
    ],
  ])('a photo %s enrols nobody and changes nothing', async (_what, answer, code, text) => {
    const { store, enrolment } = await office();
    const refused = await refusal((async () => enrolment.fromPhoto(answer, { name: 'Ada' }, 'admin'))());
    expect(refused).toEqual([code, expect.stringContaining(text)]);
    expect([store.size, store.revision]).toEqual([0, 0]);
  });
});
