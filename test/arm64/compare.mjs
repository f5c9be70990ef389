/**
 * test/arm64/compare.mjs X86.json ARM.json: how far apart two outputs of `kaimon embed --json` are for the same photos. Exits 1 where
 * the faces are others, or a value differs by more than the tolerance below.
 */
import { readFileSync } from 'node:fs';
import { argv, exit } from 'node:process';

/**
 * What may differ: the two processors add in another order. A squared distance is what the gate compares with its threshold; thresholds of
 * the encoders lie near 1, and a hundredth moves no error rate that the evaluations could see.
 */
const TOLERANCE = { box: 0.5, landmark: 0.5, component: 0.005, squaredDistance: 0.01 };

const read = (file) => {
  const document = JSON.parse(readFileSync(file, 'utf8'));
  return Array.isArray(document) ? document : (document.images ?? [document]);
};
const [here, there] = [read(argv[2]), read(argv[3])];
const most = { box: 0, landmark: 0, component: 0, squaredDistance: 0 };
const note = (what, one, other) => {
  most[what] = Math.max(most[what], Math.abs(one - other));
};
const squared = (one, other) => one.reduce((sum, value, i) => sum + (value - other[i]) ** 2, 0);

let faces = 0;
const [ownEmbeddings, otherEmbeddings] = [[], []];
for (const [i, photo] of here.entries()) {
  const other = there[i];
  if (other?.faces?.length !== photo.faces.length) {
    const there = other?.error?.message ?? `${other?.faces?.length} faces`;
    console.log(`FAILED: ${photo.image} has ${photo.faces.length} faces here; there: ${there}`);
    exit(1);
  }
  for (const [k, face] of photo.faces.entries()) {
    const twin = other.faces[k];
    faces++;
    for (const side of ['x', 'y', 'width', 'height']) note('box', face.box[side], twin.box[side]);
    for (const [n, [x, y]] of face.landmarks.entries()) {
      note('landmark', x, twin.landmarks[n][0]);
      note('landmark', y, twin.landmarks[n][1]);
    }
    for (const [n, value] of face.embedding.entries()) note('component', value, twin.embedding[n]);
    ownEmbeddings.push(face.embedding);
    otherEmbeddings.push(twin.embedding);
  }
}
for (let i = 0; i < ownEmbeddings.length; i++)
  for (let k = 0; k < i; k++)
    note(
      'squaredDistance',
      squared(ownEmbeddings[i], ownEmbeddings[k]),
      squared(otherEmbeddings[i], otherEmbeddings[k]),
    );

const within = faces > 0 && Object.keys(TOLERANCE).every((what) => most[what] <= TOLERANCE[what]);
const said = Object.entries(most).map(
  ([what, value]) => `${what} ${value.toExponential(1)} (at most ${TOLERANCE[what]})`,
);
console.log(`${within ? 'equal' : 'FAILED: not equal'} for ${faces} faces, largest differences: ${said.join(', ')}`);
exit(within ? 0 : 1);
