// pure
import type { Axis, Chart } from './chart.js';
import { type ErrorPoint, histogram } from './curves.js';

/** Squared distance a bin: 0…4 in 100 bins. */
const BIN = 0.04;

interface Crowd {
  readonly name: string;
  /** Ascending. */
  readonly values: Float32Array | Float64Array;
}

/** Two histograms, each normalised to its own crowd, with thresholds as rules. */
export function distancesChart(
  title: string,
  subtitle: readonly string[],
  what: string,
  one: Crowd,
  two: Crowd,
  rules: Chart['rules'],
): Chart {
  const farthest = Math.max(one.values.at(-1) ?? 0, two.values.at(-1) ?? 0, ...rules.map(({ x }) => x));
  const to = Math.min(4, Math.ceil(farthest * 2 + 0.01) / 2);
  const shares = [one, two].map(({ values }) => histogram(values, BIN, Math.ceil(to / BIN)));
  // Steps: each bin holds from its left edge to its right one.
  const steps = (bins: readonly number[]) =>
    bins.flatMap((share, i): [number, number][] => [
      [i * BIN, share],
      [Math.min(to, (i + 1) * BIN), share],
    ]);
  return {
    title,
    subtitle,
    x: {
      title: 'squared Euclidean distance of unit vectors (0 the same … 4 opposite)',
      scale: 'linear',
      from: 0,
      to,
      format: '.1f',
    },
    y: {
      title: `share of ${what} a step of ${BIN} (%)`,
      scale: 'linear',
      from: 0,
      to: Math.max(...shares.flat(), BIN) * 1.08,
      format: '~%',
    },
    lines: [one, two].map(({ name }, i) => ({ name, points: steps(shares[i] ?? []), filled: true })),
    marks: [],
    rules,
  };
}

/** An axis of whole decades that holds all but the rarest of the rates, and all that must be seen. */
export function rateAxis(title: string, rates: readonly number[], seen: readonly number[]): Axis {
  const least = (values: readonly number[]) => -Math.log10(Math.min(...values.filter((value) => value > 0), 0.1));
  const decades = Math.min(9, Math.max(Math.floor(least(rates) + 1e-9), Math.ceil(least(seen) - 1e-9)));
  const ticks = Array.from({ length: decades + 1 }, (_, i) => Number(`1e-${decades - i}`));
  return { title, scale: 'log', from: ticks[0] ?? 0.1, to: 1, ticks, format: '~%' };
}

const MISS_FIRST = 0.0001;
const MISS_TICKS = [MISS_FIRST, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** From the label below the least rate to the one above the greatest. */
export function missAxis(title: string, rates: readonly number[]): Axis {
  const least = Math.min(...rates.filter((rate) => rate > 0), 0.5);
  const most = Math.max(...rates, least);
  const from = MISS_TICKS.findLast((tick) => tick < least) ?? MISS_FIRST;
  const to = MISS_TICKS.find((tick) => tick >= most) ?? 1;
  return {
    title,
    scale: 'log',
    from,
    to,
    ticks: MISS_TICKS.filter((tick) => tick >= from && tick <= to),
    format: '~%',
  };
}

export const asPoints = (curve: readonly ErrorPoint[]) =>
  curve.map(({ falseMatch, falseNonMatch }): [number, number] => [falseMatch, falseNonMatch]);

export const count = (n: number): string => n.toLocaleString('en-US');
export const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
