// pure

import { type Draw, thresholdsOfAcceptance } from '../faces/open-set.js';
import type { PairDistances } from '../figures.js';
import type { Chart } from './chart.js';
import { asPoints, count, distancesChart, missAxis, percent, rateAxis } from './chart-parts.js';
import { type Accepted, type ErrorPoint, errorCurve, errorsAt } from './curves.js';

/** What a chart says about the set it was made from. */
export interface Measured {
  readonly encoder: string;
  readonly people: number;
  readonly photos: number;
  /** Photos on which a face was found. */
  readonly detected: number;
}

/** The charts of `evaluate pairs` by file name. `tar`: the operating points, by false match rate. */
export function pairsCharts(
  measured: Measured,
  { impostor, impostorTotal, genuine }: PairDistances,
  tar: Readonly<Record<string, { readonly threshold: number; readonly tar: number }>>,
): Record<string, Chart> {
  const own = Float64Array.from(genuine.flatMap(({ distances }) => distances)).sort();
  const genuineTotal = genuine.reduce((sum, { total }) => sum + total, 0);
  const subtitle = [
    `encoder ${measured.encoder}: ${peopleAndPhotos(measured)}`,
    `${count(genuineTotal)} genuine and ${count(impostorTotal)} impostor pairs; a photo without a face is refused`,
  ];
  const curve = errorCurve({ from: impostor, total: impostorTotal }, { from: own, total: genuineTotal });
  const points = Object.entries(tar);
  return {
    'det.svg': {
      title: 'Is it the same person? The two errors at each threshold',
      subtitle,
      x: rateAxis(
        'false match rate (share of impostor pairs accepted; 1e-3 is 0.1 %)',
        falseMatches(curve),
        points.map(([fmr]) => Number(fmr)),
      ),
      y: missAxis('false non-match rate (share of genuine pairs refused)', [
        ...falseNonMatches(curve),
        ...points.map(([, at]) => 1 - at.tar),
      ]),
      lines: [{ name: 'all pairs', points: asPoints(curve) }],
      marks: points.map(([fmr, at]) => ({
        x: Number(fmr),
        y: 1 - at.tar,
        label: `${fmr}: FNMR ${percent(1 - at.tar)}, threshold ${at.threshold.toFixed(2)}`,
      })),
      rules: [],
    },
    'distances.svg': distancesChart(
      'How far apart are photos of one person, and of two?',
      subtitle,
      'pairs',
      { name: 'one person', values: own },
      { name: 'two people', values: impostor },
      points.map(([fmr, { threshold }]) => ({ x: threshold, label: `FMR ${fmr}: ${threshold.toFixed(2)}` })),
    ),
  };
}

/** How the galleries of `evaluate identify` were made, and what they are judged by. */
export interface Identification {
  readonly gallerySize: number;
  readonly targetFpir: number;
  readonly threshold: number;
  readonly margin: number;
}

/** The charts of `evaluate identify` by file name. */
export function identifyCharts(
  measured: Measured,
  draws: readonly Draw[],
  { gallerySize, targetFpir, threshold, margin }: Identification,
): Record<string, Chart> {
  const strangers = draws.flatMap((draw) => draw.strangers);
  const own = draws.flatMap((draw) => draw.own);
  const subtitle = [
    `encoder ${measured.encoder}: ${peopleAndPhotos(measured)}`,
    `${draws.length} galleries of ${count(gallerySize)} people, one photo each; margin to the second person ${margin}`,
    `shown: ${count(strangers.length)} photos of strangers, ${count(own.length)} of people in the gallery`,
  ];
  const accepted = thresholdsOfAcceptance(draws, margin);
  const impostor: Accepted = { from: accepted.strangers, total: strangers.length };
  const genuine: Accepted = { from: accepted.own, total: own.length };
  const curve = errorCurve(impostor, genuine);
  const chosen = errorsAt(threshold, impostor, genuine);
  const nearest = (trials: typeof own) =>
    Float64Array.from(trials.flatMap(({ ranking }) => ranking?.best?.distance ?? [])).sort();
  return {
    'det-identification.svg': {
      title: `Who is it, of ${count(gallerySize)}, or nobody? The two errors at each threshold`,
      subtitle,
      x: rateAxis('FPIR (share of strangers taken for somebody)', falseMatches(curve), [targetFpir, chosen.falseMatch]),
      y: missAxis('FNIR (share of own people not recognised)', [...falseNonMatches(curve), chosen.falseNonMatch]),
      lines: [{ name: 'all galleries', points: asPoints(curve) }],
      marks: [
        {
          x: chosen.falseMatch,
          y: chosen.falseNonMatch,
          label: `threshold ${threshold.toFixed(2)}: FPIR ${percent(chosen.falseMatch)}, FNIR ${percent(chosen.falseNonMatch)}`,
        },
      ],
      rules: [{ x: targetFpir, label: `target FPIR ${percent(targetFpir)}` }],
    },
    'distances.svg': distancesChart(
      `How far is the nearest of ${count(gallerySize)} people?`,
      subtitle,
      'photos',
      { name: 'people in the gallery', values: nearest(own) },
      { name: 'strangers', values: nearest(strangers) },
      [{ x: threshold, label: `threshold ${threshold.toFixed(2)}` }],
    ),
  };
}

const falseMatches = (curve: readonly ErrorPoint[]) => curve.map(({ falseMatch }) => falseMatch);
const falseNonMatches = (curve: readonly ErrorPoint[]) => curve.map(({ falseNonMatch }) => falseNonMatch);
const peopleAndPhotos = ({ people, photos, detected }: Measured): string =>
  `${count(people)} people, ${count(photos)} photos (${count(photos - detected)} without a face)`;
