import { SIGHT_SIDE, type Sight, sightOf } from '../../../src/face/following/continuity.js';
import type { FoundFace, LookedAt } from '../../../src/face/following/plan.js';
import type { Box } from '../../../src/face/observation.js';
import { seeded } from '../../../src/kit/seeded-random.js';

const known = new Map<string, Sight>();

/** What a person looks like, small: everybody has their own pattern. */
export function sightOfPerson(person: number, noise = 0): Sight {
  const name = `${person} ${noise}`;
  const sight = known.get(name) ?? makeSight(person, noise);
  known.set(name, sight);
  return sight;
}

function makeSight(person: number, noise: number): Sight {
  const random = seeded(person);
  const jitter = seeded(person + noise);
  const grey = Uint8Array.from({ length: SIGHT_SIDE ** 2 }, () => 60 + 120 * random() + noise * (jitter() - 0.5));
  return sightOf(grey) as Sight;
}

export const boxAt = (x: number, y = 100, side = 100): Box => ({ x, y, width: side, height: side * 1.2 });
export const found = (person: number, box: Box): FoundFace => ({ box, sight: sightOfPerson(person) });
export const lookedAt = (person: number, box: Box): LookedAt => ({
  ...found(person, box),
  landmarks: Array.from({ length: 68 }, (): [number, number] => [box.x + box.width / 2, box.y + box.height / 2]),
});
