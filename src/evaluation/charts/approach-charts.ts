// pure
import type { FaceLiveness } from '../../face/observation.js';
import type { JudgedApproach } from '../gate/approaches.js';
import type { Chart, Point } from './chart.js';
import { count } from './chart-parts.js';
import { histogram } from './curves.js';

/** How many approaches the door was opened for, by the time since the first usable frame. */
export function grantsChart(
  enrolled: readonly JudgedApproach[],
  intruders: readonly JudgedApproach[],
  subtitle: readonly string[],
): Chart {
  const times = (rows: readonly JudgedApproach[]) =>
    rows.flatMap(({ grants }) => grants[0]?.seconds ?? []).sort((a, b) => a - b);
  const to = Math.max(5, Math.ceil(Math.max(0, ...times(enrolled), ...times(intruders))));
  const steps = (rows: readonly JudgedApproach[]): Point[] => {
    const points: Point[] = [[0, 0]];
    times(rows).forEach((seconds, i) => {
      points.push([seconds, i / rows.length], [seconds, (i + 1) / rows.length]);
    });
    return [...points, [to, points.at(-1)?.[1] ?? 0]];
  };
  const groups = [
    { name: `enrolled people (${count(enrolled.length)})`, rows: enrolled },
    { name: `strangers and attacks (${count(intruders.length)})`, rows: intruders },
  ].filter(({ rows }) => rows.length > 0);
  return {
    title: 'How soon is the door opened?',
    subtitle,
    x: { title: 'seconds from the first usable frame', scale: 'linear', from: 0, to, format: '~f' },
    y: { title: 'share of approaches let in (%)', scale: 'linear', from: 0, to: 1.05, format: '~%' },
    lines: groups.map(({ name, rows }) => ({ name, points: steps(rows) })),
    marks: [],
    rules: [],
  };
}

/** Ratios beyond these are drawn at the ends. */
const LLR_MAX = 8;
const BIN = 0.5;

/** What single frames of live faces and of attacks say, as the verdict counts it. */
export function scoresChart(
  live: readonly FaceLiveness[],
  attacks: readonly FaceLiveness[],
  limits: readonly { readonly llr: number; readonly label: string }[],
  subtitle: readonly string[],
): Chart {
  const scores = (all: readonly FaceLiveness[]) =>
    Float64Array.from(all.flatMap((one) => (one.kind === 'scored' ? inside(one.llr) + LLR_MAX : [])));
  const groups = [
    { name: 'live faces', values: scores(live) },
    { name: 'attacks', values: scores(attacks) },
  ].filter(({ values }) => values.length > 0);
  const bins = (2 * LLR_MAX) / BIN;
  const shares = groups.map(({ values }) => histogram(values, BIN, bins));
  return {
    title: 'What a single frame is worth',
    subtitle,
    x: {
      title: 'log-likelihood ratio, living face against picture (natural): 0 says nothing, 4.6 is a hundred to one',
      scale: 'linear',
      from: -LLR_MAX,
      to: LLR_MAX,
      format: '~f',
    },
    y: {
      title: 'share of frames with a score (%)',
      scale: 'linear',
      from: 0,
      to: Math.max(...shares.flat(), 0.01) * 1.08,
      format: '~%',
    },
    lines: groups.map(({ name }, i) => ({ name, points: stepsOf(shares[i] ?? []), filled: true })),
    marks: [],
    rules: limits.map(({ llr, label }) => ({ x: llr, label })),
  };
}

const inside = (value: number) => Math.min(LLR_MAX, Math.max(-LLR_MAX, value));

const stepsOf = (bins: readonly number[]): Point[] =>
  bins.flatMap((share, i): Point[] => [
    [i * BIN - LLR_MAX, share],
    [(i + 1) * BIN - LLR_MAX, share],
  ]);
