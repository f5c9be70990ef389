// pure

/**
 * Estimated standard deviation of the pixel noise of a grey picture: Immerkær, "Fast noise variance estimation" (1996).
 * Not blind to texture, which may only make it larger. Infinity for a picture that is too small to tell.
 */
export function pixelNoise(grey: Uint8Array, width: number, height: number): number {
  if (width < 8 || height < 8 || grey.length !== width * height) return Number.POSITIVE_INFINITY;
  const px = (at: number) => grey[at] as number;
  let sum = 0;
  for (let y = 1; y < height - 1; y++)
    for (let i = y * width + 1, end = y * width + width - 1; i < end; i++) {
      const [up, down] = [i - width, i + width];
      const cross = px(up) + px(down) + px(i - 1) + px(i + 1);
      sum += Math.abs(px(up - 1) + px(up + 1) + px(down - 1) + px(down + 1) - 2 * cross + 4 * px(i));
    }
  return ((Math.sqrt(Math.PI / 2) / 6) * sum) / ((width - 2) * (height - 2));
}
