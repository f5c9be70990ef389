import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeVector } from '../../src/kit/vector.js';
import { followedGallery } from '../../src/store/followed-gallery.js';
import { ENCODER, newcomer, openStore, tempFolder, template } from './sample.js';

const unit = { ...template(0.5), vector: encodeVector(Float32Array.from([0.5, 0.5, -0.5, 0.5])) };
const one = (id: string) => newcomer(id, { templates: [unit] });

test('the gallery is filled in slices, and who is removed or added meanwhile is right in it', async () => {
  const store = await openStore({ file: join(await tempFolder(), 'people.json'), encoder: ENCODER });
  for (let i = 0; i < 300; i++) void store.put(one(`p${i}`));
  let [turns, going] = [0, true];
  const turn = () => {
    turns++;
    if (going) setImmediate(turn);
  };
  setImmediate(turn);
  const filling = followedGallery(store, { encoder: ENCODER, dimension: 4 });
  await new Promise(setImmediate);
  await Promise.all([store.remove('p299', 'test'), store.put(one('late'))]);
  const gallery = await filling;
  going = false;
  expect(turns).toBeGreaterThan(3);
  const probe = Float32Array.from([1, 0, 0, 0]);
  const inIt = (id: string) => gallery.distanceTo(id, probe) !== undefined;
  expect([inIt('p0'), inIt('p298'), inIt('p299'), inIt('late')]).toEqual([true, true, false, true]);
  await store.close();
});
