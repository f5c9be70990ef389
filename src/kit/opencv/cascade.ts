import { OperatingError } from '../errors.js';
import { readPlainFileSync } from '../files/plain-file.js';
import { native, opencv } from './binding.js';
import type { Picture, Region } from './picture.js';

export interface CascadeOptions {
  /** Ratio of neighbouring window sizes, > 1. */
  readonly scaleFactor: number;
  /** Overlapping hits that make a proposal; 0 proposes every hit. */
  readonly minNeighbors: number;
  /** Smallest window side in pixels of the searched picture. */
  readonly minSide: number;
}

/** The one in use has 930 kB. */
export const CASCADE_BYTES_MAX = 64 * 1024 * 1024;

/** Where the cascade fired, and how many overlapping windows did. */
export type CascadeHit = Region & { readonly hits: number };

/** A trained Haar cascade. Not re-entrant: one detection at a time. */
export class Cascade {
  readonly #classifier: InstanceType<ReturnType<typeof opencv>['CascadeClassifier']>;

  /** @throws OperatingError when the file is missing or not an OpenCV cascade */
  constructor(file: string) {
    // Checked here, because a malformed file would abort the process, and a missing one fail only at the first detection.
    let text: string;
    try {
      text = readPlainFileSync(file, CASCADE_BYTES_MAX).toString('utf8');
    } catch (cause) {
      throw new OperatingError(
        'KAIMON_CASCADE',
        `cannot read the Haar cascade ${file}: install the package opencv-data or set faces.haar.cascade`,
        { cause },
      );
    }
    const whole =
      text.includes('<opencv_storage>') &&
      text.includes('<stageType>BOOST') &&
      text.trimEnd().endsWith('</opencv_storage>');
    if (!whole)
      throw new OperatingError(
        'KAIMON_CASCADE',
        `${file} is no OpenCV Haar cascade: install the package opencv-data or set faces.haar.cascade`,
      );
    this.#classifier = native('CascadeClassifier', () => new (opencv().CascadeClassifier)(file));
  }

  /** Proposals in pixels of the grey picture. */
  detect(grey: Picture, options: CascadeOptions): CascadeHit[] {
    if (grey.channels !== 1) throw new RangeError('the cascade needs a grey picture');
    const side = Math.max(1, Math.round(options.minSide));
    if (grey.width < side || grey.height < side) return [];
    const { Size } = opencv();
    const found = native('detectMultiScale', () =>
      this.#classifier.detectMultiScale(grey.mat, {
        scaleFactor: options.scaleFactor,
        minNeighbors: options.minNeighbors,
        minSize: new Size(side, side),
      }),
    );
    return found.objects.map(({ x, y, width, height }, i) => ({
      x,
      y,
      width,
      height,
      hits: found.numDetections[i] ?? 1,
    }));
  }
}
