import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Chart } from '../../../src/evaluation/charts/chart.js';
import { identifyCharts, pairsCharts } from '../../../src/evaluation/charts/charts.js';
import { drawChart } from '../../../src/evaluation/charts/draw-chart.js';
import { allPairs, type Sample } from '../../../src/evaluation/faces/all-pairs.js';
import { drawOpenSet, gatherByPerson } from '../../../src/evaluation/faces/open-set.js';
import { tarAt, thresholdAt } from '../../../src/evaluation/figures.js';
import { seeded } from '../../../src/kit/seeded-random.js';
import { MATCH_RATES } from '../../../src/models/manifest.js';
import { ENCODER } from '../../person/sample.js';

const KILOBYTES_60 = 60_000;
const random = seeded(5);

/** 120 people in 16 dimensions, three photos each, one of them without a face. */
const samples: readonly Sample[] = Array.from({ length: 120 }, (_, i) => {
  const own = Array.from({ length: 16 }, () => random() - 0.5);
  return Array.from({ length: 3 }, (): Sample => {
    const photo = own.map((value) => value + 0.4 * (random() - 0.5));
    const length = Math.hypot(...photo);
    return { person: `p${i}`, embedding: i === 7 ? undefined : Float32Array.from(photo, (value) => value / length) };
  });
}).flat();
const measured = { encoder: `${ENCODER}<&>`, people: 120, photos: 360, detected: 357 };

const distances = allPairs(samples);
const tar = Object.fromEntries(
  MATCH_RATES.map((fmr) => {
    const threshold = thresholdAt(Number(fmr), distances);
    return [fmr, { threshold, tar: tarAt(threshold, distances, seeded(1)).rate }];
  }),
);
const people = gatherByPerson(samples);
const draws = [1, 2, 3].map((seed) => drawOpenSet(people, 60, ENCODER, seeded(seed)));
const identification = { gallerySize: 60, targetFpir: 0.003, threshold: 0.4, margin: 0.1 };
const ofPairs = pairsCharts(measured, distances, tar);
const ofPeople = identifyCharts(measured, draws, identification);

/** Throws unless every element is closed in order and every text is escaped: no parser of XML is a dependency. */
function texts(xml: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  let end = 0;
  for (const match of xml.trim().matchAll(/<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g)) {
    const [tag, closing, name = '', , empty] = match;
    const text = xml.slice(end, match.index);
    if (/[<>]|&(?!(amp|lt|gt|quot|apos|nbsp|#\d+);)/.test(text)) throw new Error(`not escaped: ${text}`);
    if (text.trim()) found.push(text);
    end = match.index + tag.length;
    if (closing && open.pop() !== name) throw new Error(`${tag} closes what is not open`);
    if (!closing && !empty) open.push(name);
    if (open.length === 0 && end !== xml.trim().length) throw new Error('something follows the end');
  }
  if (open.length > 0 || end !== xml.trim().length) throw new Error(`left open: ${open.join(' ')}`);
  return found;
}

describe.each<[string, Chart, readonly string[]]>([
  [
    'det.svg',
    ofPairs['det.svg'] as Chart,
    ['1e-2: FNMR', '1e-3: FNMR', '1e-4: FNMR', '1e-5: FNMR', 'false match rate'],
  ],
  [
    'distances.svg of pairs',
    ofPairs['distances.svg'] as Chart,
    ['FMR 1e-2: ', 'FMR 1e-3: ', 'FMR 1e-4: ', 'FMR 1e-5: ', 'one person', 'two people', 'squared Euclidean distance'],
  ],
  [
    'det-identification.svg',
    ofPeople['det-identification.svg'] as Chart,
    ['threshold 0.40: FPIR', 'target FPIR 0.3 %', 'FNIR ('],
  ],
  [
    'distances.svg of galleries',
    ofPeople['distances.svg'] as Chart,
    ['threshold 0.40', 'people in the gallery', 'strangers'],
  ],
])('%s', (_name, chart, wanted) => {
  test('is well-formed, small, on a white ground, and the same bytes each time', async () => {
    const svg = await drawChart(chart);
    expect(() => texts(svg)).not.toThrow();
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).toContain('<rect width="736"');
    expect(svg).toContain('fill="white"');
    expect(svg.length).toBeLessThan(KILOBYTES_60);
    expect(await drawChart(chart)).toBe(svg);
  });

  test('says what it shows: operating points, axes, encoder, people and photos', async () => {
    const said = texts(await drawChart(chart)).join('\n');
    for (const text of [
      ...wanted,
      chart.title,
      'encoder small@0123456789ab&lt;&amp;&gt;: 120 people, 360 photos (3 without a face)',
    ])
      expect(said).toContain(text);
    expect(said).not.toContain('NaN');
    expect(said).not.toContain('…\n');
  });
});

test('characters in a label that would break the file are escaped', () => {
  expect(() => texts('<svg><g></svg></g>')).toThrow();
  expect(() => texts('<svg>a & b</svg>')).toThrow();
  expect(() => texts('<svg><g></g>')).toThrow();
  expect(texts('<svg><g a="b"/>a &amp; b</svg>')).toEqual(['a &amp; b']);
});

test('charts can be drawn when nobody is ever mistaken for another, or ever recognised', async () => {
  for (const threshold of [0, 4]) {
    const charts = identifyCharts(measured, draws, { ...identification, threshold, margin: 4 });
    for (const chart of Object.values(charts)) {
      const svg = await drawChart(chart);
      expect(() => texts(svg)).not.toThrow();
      expect(svg).not.toContain('NaN');
    }
  }
});

test('the library of charts is loaded only when a chart is drawn', () => {
  const src = fileURLToPath(new URL('../../../src/', import.meta.url));
  const users = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && /from 'vega|import\('vega/.test(readFileSync(join(src, file), 'utf8')),
  );
  expect(users.sort()).toEqual(['evaluation/charts/chart-style.ts', 'evaluation/charts/draw-chart.ts']);
  for (const file of users) expect(readFileSync(join(src, file), 'utf8')).not.toMatch(/^import (?!type\b).*'vega/m);
});
