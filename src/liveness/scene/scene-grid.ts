// pure

/** The scene is kept this small, and compared block by block. */
export const GRID = { width: 96, height: 72, block: 12 } as const;
const COLUMNS = GRID.width / GRID.block;
export const BLOCKS = COLUMNS * (GRID.height / GRID.block);

/** What a block of a grey picture is like, without its hidden pixels. */
export interface BlockStats {
  readonly mean: number;
  readonly deviation: number;
  /** Share of the block that is not hidden, 0…1. */
  readonly share: number;
}

/** @param hidden 1 for each pixel that does not count */
export function blockStats(grey: Float32Array, block: number, hidden: Uint8Array): BlockStats {
  const { x, y } = cornerOf(block);
  let [n, sum, squares] = [0, 0, 0];
  for (let row = y; row < y + GRID.block; row++)
    for (let at = row * GRID.width + x, end = at + GRID.block; at < end; at++) {
      if (hidden[at]) continue;
      const value = grey[at] as number;
      n += 1;
      sum += value;
      squares += value * value;
    }
  const mean = n === 0 ? Number.NaN : sum / n;
  return {
    mean,
    deviation: n === 0 ? Number.NaN : Math.sqrt(Math.max(0, squares / n - mean * mean)),
    share: n / GRID.block ** 2,
  };
}

/** The camera may tremble by this many pixels of the small picture. */
const TREMBLE = 1;
/** A flatter block than this has no structure to compare: noise must not pass for any. */
const DEVIATION_MIN = 2;

/**
 * How alike a block of two grey pictures is, −1…1: their normalised cross-correlation, which neither light nor exposure
 * changes, at the best shift of up to a pixel. Undefined where the second picture has no structure, or all is hidden.
 */
export function likeness(
  seen: Float32Array,
  known: Float32Array,
  block: number,
  hidden: Uint8Array,
): number | undefined {
  let best: number | undefined;
  for (let dy = -TREMBLE; dy <= TREMBLE; dy++)
    for (let dx = -TREMBLE; dx <= TREMBLE; dx++) {
      const found = correlation(seen, known, block, hidden, dx, dy);
      if (found !== undefined && !(best !== undefined && best >= found)) best = found;
    }
  return best;
}

function correlation(
  seen: Float32Array,
  known: Float32Array,
  block: number,
  hidden: Uint8Array,
  dx: number,
  dy: number,
): number | undefined {
  const { x, y } = cornerOf(block);
  if (x + dx < 0 || y + dy < 0 || x + dx + GRID.block > GRID.width || y + dy + GRID.block > GRID.height)
    return undefined;
  let [n, a, b, aa, bb, ab] = [0, 0, 0, 0, 0, 0];
  const shift = dy * GRID.width + dx;
  for (let row = y; row < y + GRID.block; row++)
    for (let at = row * GRID.width + x, end = at + GRID.block; at < end; at++) {
      if (hidden[at] || hidden[at + shift]) continue;
      const [u, v] = [seen[at + shift] as number, known[at] as number];
      n += 1;
      a += u;
      b += v;
      aa += u * u;
      bb += v * v;
      ab += u * v;
    }
  if (n === 0) return undefined;
  const spread = (sum: number, squares: number) => Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
  const deviation = spread(b, bb);
  if (!(deviation >= DEVIATION_MIN)) return undefined;
  return (ab / n - (a / n) * (b / n)) / (Math.max(DEVIATION_MIN, spread(a, aa)) * deviation);
}

const cornerOf = (block: number): { x: number; y: number } => ({
  x: (block % COLUMNS) * GRID.block,
  y: Math.floor(block / COLUMNS) * GRID.block,
});
