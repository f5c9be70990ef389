import { randomBytes } from 'node:crypto';
import type { Adapter } from 'lowdb';
import { onTestFinished } from 'vitest';
import type { PhotoAnswer } from '../../src/eye/protocol.js';
import type { MeasuredFace } from '../../src/face/observation.js';
import { Enrolment } from '../../src/gate/enrolment.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { Gallery } from '../../src/person/gallery.js';
import type { IdKind } from '../../src/person/new-id.js';
import type { PeopleDocument } from '../../src/store/people-document.js';
import { PeopleStore } from '../../src/store/people-store.js';
import { measuredFace } from '../face/faces.js';
import { LIMITS } from '../face/sample.js';
import { direction, ENCODER } from '../person/sample.js';
import { tempFolder } from '../store/sample.js';

/** An enrolment over a real store, with the gallery following the store as in the gate. */
export async function office(storage?: Adapter<PeopleDocument>, ids: IdKind = 'names') {
  const clock = new ManualClock();
  const store = await PeopleStore.open({
    file: `${await tempFolder()}/people.json`,
    encoder: ENCODER,
    gate: 'north',
    clock,
    log: silentLog,
    ...(storage && { storage }),
  });
  onTestFinished(() => store.close());
  const gallery = new Gallery(ENCODER, 4);
  store.onChange(({ id, person }) => {
    if (person) gallery.set(person);
    else gallery.delete(id);
  });
  const enrolment = new Enrolment({
    store,
    gallery,
    clock,
    limits: LIMITS,
    maxTemplates: 3,
    ids,
    random: randomBytes,
    duplicateDistance: () => 0.5,
  });
  const take = (name: string, angle: number, more: object = {}) =>
    enrolment.fromPhoto(photo([measuredFace({ vector: direction(angle) })]), { name, ...more }, 'admin');
  const good = (angle: number, overall: number) => measuredFace({ vector: direction(angle), quality: { overall } });
  return { clock, store, gallery, enrolment, take, good };
}

export const photo = (faces: readonly MeasuredFace[], encoder = ENCODER): PhotoAnswer => ({
  kind: 'photo',
  id: 1,
  ok: true,
  width: 640,
  height: 480,
  turned: 0,
  proposed: faces.length,
  encoder,
  faces: [...faces],
});
