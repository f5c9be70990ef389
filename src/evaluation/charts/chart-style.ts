import type { Legend, Mark, Axis as VegaAxis } from 'vega';
import type { Axis } from './chart.js';

export const WIDTH = 640;
export const HEIGHT = 400;
export const PADDING = { left: 72, right: 24, top: 92, bottom: 60 };
/** A legend stands below the axis. */
export const LEGEND_HEIGHT = 24;
/** Told apart by the colour-blind too, and the second one is dashed. */
export const COLOURS = ['#0072b2', '#d55e00'];
export const DASHES = [
  [1, 0],
  [6, 3],
];
const INK = '#222222';

export function axisOf({ title, scale, ticks, format }: Axis, orient: 'bottom' | 'left'): VegaAxis {
  return {
    scale: orient === 'bottom' ? 'x' : 'y',
    orient,
    title,
    format,
    ...(ticks ? { values: [...ticks] } : { tickCount: 8 }),
    grid: true,
    gridColor: '#dddddd',
    domainColor: INK,
    tickColor: INK,
    labelColor: INK,
    labelFontSize: 11,
    labelOverlap: scale === 'log' ? 'greedy' : true,
    titleColor: INK,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 8,
  };
}

const at = (scale: 'x' | 'y', field: string = scale) => ({ scale, field });

/** One line a name; where filled, a light ground below it. */
export function linesOf(filled: boolean): Mark[] {
  const ground: Mark = {
    type: 'area',
    from: { data: 'line' },
    encode: {
      enter: {
        x: at('x'),
        y: at('y'),
        y2: { scale: 'y', value: 0 },
        fill: { scale: 'colour', field: 'name' },
        fillOpacity: { value: 0.2 },
      },
    },
  };
  const line: Mark = {
    type: 'line',
    from: { data: 'line' },
    encode: {
      enter: {
        x: at('x'),
        y: at('y'),
        stroke: { scale: 'colour', field: 'name' },
        strokeDash: { scale: 'dash', field: 'name' },
        strokeWidth: { value: 2 },
      },
    },
  };
  return [
    {
      type: 'group',
      from: { facet: { name: 'line', data: 'lines', groupby: 'name' } },
      marks: filled ? [ground, line] : [line],
    },
  ];
}

export const HEADING: Mark = {
  type: 'text',
  from: { data: 'heading' },
  encode: {
    enter: {
      x: { value: 16 - PADDING.left },
      y: { field: 'y' },
      text: { field: 'text' },
      fontSize: { field: 'size' },
      fontWeight: { field: 'weight' },
      fill: { value: INK },
    },
  },
};

export const LEGEND: Legend = {
  stroke: 'colour',
  strokeDash: 'dash',
  orient: 'bottom',
  direction: 'horizontal',
  symbolType: 'stroke',
  symbolSize: 600,
  symbolStrokeWidth: 2,
  labelColor: INK,
  labelFontSize: 12,
  labelLimit: 0,
  columnPadding: 24,
};

export const RULES: readonly Mark[] = [
  {
    type: 'rule',
    from: { data: 'rules' },
    encode: {
      enter: {
        x: at('x'),
        y: { value: 0 },
        y2: { value: HEIGHT },
        stroke: { value: INK },
        strokeDash: { value: [2, 3] },
      },
    },
  },
  {
    type: 'text',
    from: { data: 'rules' },
    encode: {
      enter: {
        x: at('x'),
        y: { value: 6 },
        dx: { value: 0 },
        dy: { value: -4 },
        angle: { value: -90 },
        align: { value: 'right' },
        text: { field: 'label' },
        fontSize: { value: 11 },
        fill: { value: INK },
      },
    },
  },
];

export const MARKS: readonly Mark[] = [
  {
    type: 'symbol',
    from: { data: 'marks' },
    encode: {
      enter: {
        x: at('x'),
        y: at('y'),
        size: { value: 60 },
        fill: { value: COLOURS[1] ?? INK },
        stroke: { value: 'white' },
      },
    },
  },
  {
    type: 'text',
    from: { data: 'marks' },
    encode: {
      enter: {
        x: at('x'),
        y: at('y'),
        align: { field: 'align' },
        dx: { field: 'dx' },
        dy: { field: 'dy' },
        text: { field: 'label' },
        fontSize: { value: 11 },
        fill: { value: INK },
      },
    },
  },
];
