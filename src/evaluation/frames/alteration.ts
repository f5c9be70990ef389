// pure
/** How frames are spoiled before they are measured: roughly what a dark evening or a cheap sensor does. */
export interface Alteration {
  /** Every pixel is multiplied by it: 0.25 is a quarter of the light. */
  readonly dim: number;
  /** Standard deviation of the added noise, grey levels; each pixel and colour for itself. */
  readonly noise: number;
  /** Factor of the resolution, 0.5: half as wide and as high. */
  readonly scale: number;
  /** Quality of a JPEG through which the frame goes last; null: none. */
  readonly jpeg: number | null;
}

/** Whether frames stay as they are. */
export const isUnaltered = ({ dim, noise, scale, jpeg }: Alteration): boolean =>
  dim === 1 && noise === 0 && scale === 1 && jpeg === null;

export const writtenAlteration = ({ dim, noise, scale, jpeg }: Alteration): string =>
  `noise of sd ${noise} added, light times ${dim}, resolution times ${scale}, ${jpeg === null ? 'no' : `quality ${jpeg}`} JPEG`;

/** Normal numbers drawn once; reading them from random places is as good and much faster. */
const TABLE_SIZE = 1 << 18;
/** So many pixels are read in a row from one place. */
const RUN = 997;

/** Alters packed 8-bit pixels into new ones; `random` chooses the noise, uniform in [0, 1). */
export type Alter = (bytes: Uint8Array, random: () => number) => Buffer;

/** Makes a function that spoils frames: first the light, then the noise. @param random fills the table of noise, once */
export function alteration({ dim, noise }: Pick<Alteration, 'dim' | 'noise'>, random: () => number): Alter {
  const table = new Float32Array(noise > 0 ? TABLE_SIZE : 1);
  if (noise > 0)
    for (let i = 0; i < TABLE_SIZE; i++)
      // Box and Muller; 1 − random is never 0.
      table[i] = noise * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return (bytes, place) => {
    const altered = Buffer.allocUnsafe(bytes.length);
    let at = 0;
    for (let i = 0; i < bytes.length; i++, at++) {
      if (i % RUN === 0) at = Math.floor(place() * table.length);
      const value = (bytes[i] as number) * dim + (table[at % table.length] as number);
      altered[i] = Math.min(255, Math.max(0, Math.round(value)));
    }
    return altered;
  };
}
