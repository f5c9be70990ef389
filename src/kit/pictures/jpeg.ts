// pure
import { JpegCoverage } from './jpeg-coverage.js';

/** What a walk over a JPEG finds (ITU-T T.81 B.1.1). */
export interface JpegWalk {
  /** Scans of the picture itself; the walk ends after {@link JPEG_SCANS_MAX} + 1. */
  readonly scans: number;
  /** Whether the end mark was found; what phones put behind it is not looked at. */
  readonly ended: boolean;
  /** Where the data of the last scan ends, and how many restart marks are in it; undefined where no scan ends. */
  readonly lastScan: { readonly end: number; readonly restarts: number } | undefined;
  /** Whether there is a scan for all that the picture consists of. */
  readonly complete: boolean;
  /** Whether the numbers are coded arithmetically, as no camera does it. */
  readonly arithmetic: boolean;
}

/** A progressive JPEG has some ten scans; each costs the decoder a pass over all pixels, at reduced size too. */
export const JPEG_SCANS_MAX = 64;

const END = 0xd9;
const SCAN = 0xda;
const isRestart = (code: number) => code >= 0xd0 && code <= 0xd7;
/** SOF0…SOF15 without DHT, JPG and DAC. */
export const isFrameHeader = (code: number): boolean =>
  code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;

/** Walks over the segments and scans; in the data of a scan 0xff is followed by 0 or a restart mark. */
export function walkJpeg(bytes: Uint8Array): JpegWalk {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [scans, restarts, ended, arithmetic, inScan] = [0, 0, false, false, false];
  let lastScan: JpegWalk['lastScan'];
  let coverage: JpegCoverage | undefined;
  for (let at = 2; scans <= JPEG_SCANS_MAX; ) {
    const from = data.indexOf(0xff, at);
    if (from < 0) break;
    // Any number of 0xff may stand before a mark.
    at = from;
    while (data[at + 1] === 0xff) at += 1;
    const code = data[at + 1];
    if (code === undefined) break;
    const alone = code === 0x00 || code === 0x01 || isRestart(code) || code === 0xd8;
    if (isRestart(code)) restarts += 1;
    if (!alone && inScan) {
      lastScan = { end: from, restarts };
      inScan = false;
    }
    if (code === END) {
      ended = true;
      break;
    }
    const length = alone || at + 3 >= data.length ? 0 : Math.max(2, data.readUInt16BE(at + 2));
    // Not for each mark: a file may consist of millions of them, and the gate's event loop waits.
    const body = () => data.subarray(at + 4, at + 2 + length);
    if (isFrameHeader(code)) {
      coverage ??= new JpegCoverage(code, body());
      arithmetic ||= code >= 0xc9;
    }
    if (code === SCAN) {
      scans += 1;
      restarts = 0;
      inScan = true;
      coverage?.add(body());
    }
    at += 2 + length;
  }
  return { scans, ended, lastScan, complete: coverage?.complete ?? false, arithmetic };
}
