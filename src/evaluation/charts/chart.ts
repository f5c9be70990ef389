// pure
export interface Axis {
  /** With the unit. */
  readonly title: string;
  readonly scale: 'linear' | 'log';
  readonly from: number;
  readonly to: number;
  /** Where labels stand; none: where it fits. */
  readonly ticks?: readonly number[];
  /** Number format in d3's language. */
  readonly format: string;
}

export type Point = readonly [x: number, y: number];

/** A chart as a value; `drawChart` makes a picture of it. */
export interface Chart {
  readonly title: string;
  readonly subtitle: readonly string[];
  readonly x: Axis;
  readonly y: Axis;
  /** At most two: there are two colours. */
  readonly lines: readonly { readonly name: string; readonly points: readonly Point[]; readonly filled?: boolean }[];
  readonly marks: readonly { readonly x: number; readonly y: number; readonly label: string }[];
  /** Vertical lines. */
  readonly rules: readonly { readonly x: number; readonly label: string }[];
}
