/** `npm run bench:search`: one probe against galleries of made-up people, as the gate does it and by comparing it with every template. */

import { loadOpenCv } from '../kit/opencv/binding.js';
import { decodeVector } from '../kit/vector.js';
import { squaredDistance } from '../person/distance.js';
import { Gallery } from '../person/gallery.js';
import { describeMachine, load } from './machine.js';
import { madeUpPerson } from './made-up-person.js';
import { type Timing, timed } from './timer.js';

const ENCODER = 'bench@000000000000';
const SIZES = [
  { people: 10_000, dimension: 512 },
  { people: 30_000, dimension: 512 },
  { people: 100_000, dimension: 512 },
  { people: 100_000, dimension: 128 },
  { people: 1_000_000, dimension: 128 },
] as const;
/** Comparing with every one of more takes gigabytes. */
const EVERY_MOST = 30_000;
const RUNS = 100;

const vectorOf = (dimension: number): Float32Array => {
  const [template] = madeUpPerson('probe', { encoder: ENCODER, dimension, templates: 1 }).templates;
  return decodeVector(template?.vector ?? '');
};

async function measure({ people, dimension }: (typeof SIZES)[number]): Promise<readonly (string | number)[]> {
  const gallery = new Gallery(ENCODER, dimension);
  const every: Float32Array[] = [];
  for (let i = 0; i < people; i++) {
    const person = madeUpPerson(`p${i}`, { encoder: ENCODER, dimension, templates: 1 });
    gallery.set(person);
    if (people <= EVERY_MOST) every.push(decodeVector(person.templates[0]?.vector ?? ''));
  }
  const probes = Array.from({ length: 20 }, () => vectorOf(dimension));
  const probe = (run: number) => probes[run % probes.length] as Float32Array;
  const searched = await timed((run) => gallery.rank(probe(run)), RUNS, 20);
  const compared =
    every.length > 0 &&
    (await timed(
      (run) => every.reduce((least, one) => Math.min(least, squaredDistance(one, probe(run))), 4),
      RUNS,
      20,
    ));
  const shown = ({ medianMs, p95Ms, cpuMs }: Timing) => [medianMs, p95Ms, cpuMs].map((ms) => ms.toFixed(2)).join(', ');
  return [people.toLocaleString('en'), dimension, shown(searched), compared ? shown(compared) : ''];
}

await loadOpenCv();
const { cpu, cores, node } = describeMachine();
process.stdout.write(
  `${cpu}, ${cores} cores, Node ${node}, load average ${load().toFixed(1)}; median, p95, CPU mean, milliseconds\n\n`,
);
process.stdout.write(
  '| templates | numbers | as the gate does it | with every template |\n| --: | --: | --: | --: |\n',
);
for (const size of SIZES) process.stdout.write(`| ${(await measure(size)).join(' | ')} |\n`);
