// What the scene cue tells on Replay-Attack: node test/measure/scene.mjs FOLDER (the set's folder with manifest.csv), after npm run build.
//
// The set has no frames without people, so the scene of each light is the median of other people's living takes, without what
// their heads and bodies hide: half of the people are judged by the scene of the other half and the other way round. Harder than a door:
// the camera stood elsewhere in each session, and the attacks show pictures of this very room.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadOpenCv } from '../../dist/kit/opencv/binding.js';
import { decodePhoto } from '../../dist/kit/opencv/codec.js';
import { scene } from '../../dist/liveness/cues/scene.js';
import { GRID } from '../../dist/liveness/scene/scene-grid.js';
import { compareScene, LEARNT, learnScene } from '../../dist/liveness/scene/scene-model.js';

const [folder] = process.argv.slice(2);
if (!folder) {
  process.stderr.write('usage: node test/measure/scene.mjs FOLDER\n');
  process.exit(2);
}
const [head, ...lines] = readFileSync(join(folder, 'manifest.csv'), 'utf8').trim().split(/\r?\n/);
const columns = head.split(',');
const rows = lines
  .map((line) => Object.fromEntries(line.split(',').map((field, i) => [columns[i], field])))
  .filter(({ source, face_side }) => source === 'replay-attack' && Number(face_side) > 0);

await loadOpenCv();
const seen = [];
for (const { file, label, person, width, height, face_x, face_y, face_side } of rows) {
  const { picture } = await decodePhoto(readFileSync(join(folder, file)));
  const grey = picture.grey();
  const small = grey.resize(GRID.width, GRID.height, 'area');
  const side = Number(face_side);
  const box = { x: Number(face_x) - side / 2, y: Number(face_y) - side / 2, width: side, height: side };
  const light = file.includes('adverse') ? 'adverse' : 'controlled';
  seen.push({
    label,
    person,
    light,
    box,
    frame: { width: Number(width), height: Number(height) },
    grey: Uint8Array.from(small.bytes()),
  });
  for (const one of [small, grey, picture]) one.release();
}
const people = [...new Set(seen.map(({ person }) => person))].sort();
const firstHalf = new Set(people.filter((_, i) => i % 2 === 0));

/** Where a person of the set hides the scene; wider than the product's own mask, since here the scene is learnt beside people. */
function hides({ box, frame }, x, y) {
  const [sx, sy] = [GRID.width / frame.width, GRID.height / frame.height];
  const [cx, cy, side] = [(box.x + box.width / 2) * sx, (box.y + box.height / 2) * sy, box.width * sx];
  const across = Math.abs(x - cx);
  return (across < side && y > cy - 1.2 * side) || (across < 1.9 * side && y > cy + 0.55 * side);
}

function learnt(light, of) {
  const living = seen.filter((one) => one.label === 'live' && one.light === light && firstHalf.has(one.person) === of);
  const grey = Uint8Array.from({ length: GRID.width * GRID.height }, (_, i) => {
    const [x, y] = [i % GRID.width, Math.floor(i / GRID.width)];
    const values = living
      .filter((one) => !hides(one, x, y))
      .map((one) => one.grey[i])
      .sort((a, b) => a - b);
    return values[Math.floor(values.length / 2)] ?? 128;
  });
  return Array(LEARNT)
    .fill(grey)
    .reduce((model, picture) => learnScene(model, picture), undefined);
}

const area = (live, attacks) => {
  let wins = 0;
  for (const a of live) for (const b of attacks) wins += a > b ? 1 : a === b ? 0.5 : 0;
  return wins / (live.length * attacks.length);
};
const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))];

for (const light of ['adverse', 'controlled']) {
  const scenes = new Map([true, false].map((half) => [half, learnt(light, !half)]));
  const matches = new Map();
  for (const one of seen.filter((other) => other.light === light)) {
    const found = compareScene(scenes.get(firstHalf.has(one.person)), one.grey, [one.box], one.frame);
    matches.set(one.label, [...(matches.get(one.label) ?? []), found?.match]);
  }
  const told = (kind) => (matches.get(kind) ?? []).filter((match) => match !== undefined);
  for (const [kind, all] of matches) {
    const some = told(kind);
    const llrs = some.map((match) => scene.read({ scene: { blocks: 9, match } }, null).llr);
    const quantiles = [0.01, 0.05, 0.5, 0.95].map(
      (share) => `${quantile(some, share)?.toFixed(2)} (${quantile(llrs, share)?.toFixed(2)})`,
    );
    process.stdout.write(
      `${light} ${kind}: ${some.length} of ${all.length} frames compared; likeness (ratio) 1, 5, 50, 95 %: ${quantiles.join(', ')}`,
    );
    process.stdout.write(kind === 'live' ? '\n' : `; AUC ${area(told('live'), some).toFixed(3)}\n`);
  }
}
