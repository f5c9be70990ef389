import type { Spec } from 'vega';
import type { Axis, Chart } from './chart.js';
import {
  axisOf,
  COLOURS,
  DASHES,
  HEADING,
  HEIGHT,
  LEGEND,
  LEGEND_HEIGHT,
  linesOf,
  MARKS,
  PADDING,
  RULES,
  WIDTH,
} from './chart-style.js';

/**
 * Draws a chart as SVG on a white ground: the same bytes for the same chart. The library is loaded here and only when
 * something is drawn, so that it costs a running gate nothing.
 */
export async function drawChart(chart: Chart): Promise<string> {
  const { parse, View } = await import('vega');
  const view = new View(parse(specOf(chart)), { renderer: 'none' });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

function specOf(chart: Chart): Spec {
  const { x, y, lines, rules, marks } = chart;
  return {
    width: WIDTH,
    height: HEIGHT,
    padding: { ...PADDING, bottom: PADDING.bottom + (lines.length > 1 ? LEGEND_HEIGHT : 0) },
    background: 'white',
    // Room is fixed: the library can only guess how wide a text is.
    autosize: 'none',
    data: [
      { name: 'heading', values: headingOf(chart) },
      {
        name: 'lines',
        values: lines.flatMap(({ name, points }) =>
          points.filter(([px]) => within(x, px)).map(([px, py]) => ({ name, x: px, y: inside(y, py) })),
        ),
      },
      { name: 'marks', values: marks.map(labelled(chart)) },
      { name: 'rules', values: rules.filter((rule) => within(x, rule.x)) },
    ],
    scales: [
      { name: 'x', type: x.scale, domain: [x.from, x.to], range: 'width', zero: false, nice: false },
      { name: 'y', type: y.scale, domain: [y.from, y.to], range: 'height', zero: false, nice: false },
      { name: 'colour', type: 'ordinal', domain: lines.map(({ name }) => name), range: COLOURS },
      { name: 'dash', type: 'ordinal', domain: lines.map(({ name }) => name), range: DASHES },
    ],
    axes: [axisOf(x, 'bottom'), axisOf(y, 'left')],
    legends: lines.length > 1 ? [LEGEND] : [],
    marks: [HEADING, ...linesOf(lines.some(({ filled }) => filled)), ...RULES, ...MARKS],
  } as Spec;
}

/** Placed by hand: the library would move it by its guess of how long the axes' titles are. */
const headingOf = ({ title, subtitle }: Chart) => [
  { text: title, y: 26 - PADDING.top, size: 15, weight: 'bold' },
  ...subtitle.map((text, i) => ({ text, y: 43 + 14 * i - PADDING.top, size: 11, weight: 'normal' })),
];

/** Error curves fall: above a point there is room to its right, below it to its left. */
const labelled =
  ({ x, y }: Chart) =>
  (mark: Chart['marks'][number]) => {
    const [px, py] = [inside(x, mark.x), inside(y, mark.y)];
    const share = x.scale === 'log' ? Math.log(px / x.from) / Math.log(x.to / x.from) : (px - x.from) / (x.to - x.from);
    const side = share < 0.6 ? { align: 'left', dx: 8, dy: -8 } : { align: 'right', dx: -8, dy: 16 };
    return { ...side, x: px, y: py, label: mark.label };
  };

/** What lies beyond an axis is drawn on its end; on a logarithmic one that is where 0 goes. */
const inside = ({ from, to }: Axis, value: number) => Math.min(to, Math.max(from, value));

const within = ({ from, to }: Axis, value: number) => value >= from && value <= to;
