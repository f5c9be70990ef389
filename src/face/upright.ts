// pure
/** Degrees clockwise by which a photo must be turned so that its faces stand upright. */
export type Turn = 0 | 90 | 180 | 270;

/** The turns that are tried besides the photo as it is; the likely one first. */
export const TURNS = [180, 90, 270] as const satisfies readonly Turn[];

/**
 * A turned photo needs so much support of the cascade, and so many times that of the photo as it is. Of 477 photos of lfw-dev, each shown
 * in four ways (`node test/measure/turns.mjs DIR 8`), these turn no upright one and cannot tell 4; of the others 96 to 98 of 100 end upright.
 */
export const TURNED_SUPPORT_MIN = 8;
export const TURNED_TIMES = 2;

/** With so much support as it is, a photo stands upright: no wrong way up reaches half of what another would then need. */
export const UPRIGHT_SUPPORT = 64;

/**
 * Which way up a photo is, by how strongly the cascade, which was taught upright faces, supports the faces in it. Landmarks and
 * quality cannot tell: a face upside down may look sharp and frontal to both, and its template is worthless.
 * @param asItIs support of the photo as it is @param turned support of each turn tried
 * @returns null where another way up has more support, but not by enough to be sure
 */
export function turnFor(
  asItIs: number,
  turned: readonly { readonly turn: Turn; readonly support: number }[],
): Turn | null {
  const best = turned.reduce((a, b) => (b.support > a.support ? b : a), { turn: 0 as Turn, support: asItIs });
  if (best.turn === 0 || best.support < TURNED_SUPPORT_MIN) return 0;
  return best.support >= TURNED_TIMES * asItIs ? best.turn : null;
}
