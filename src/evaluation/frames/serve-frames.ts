import { type MonotonicMs, monotonicMs } from '../../kit/clock.js';
import { explain, messageOf, OperatingError } from '../../kit/errors.js';
import { readPlainFileSync } from '../../kit/files/plain-file.js';
import { Capture } from '../../kit/opencv/capture.js';
import { decodePhoto } from '../../kit/opencv/codec.js';
import type { Picture } from '../../kit/opencv/picture.js';
import { PHOTO_BYTES_MAX } from '../../kit/pictures/picture-header.js';
import { seeded } from '../../kit/seeded-random.js';
import { SEED } from '../figures.js';
import {
  CLIP_SECONDS_MAX,
  type FileRequest,
  type FromFrameProcess,
  type Timed,
  type ToFrameProcess,
} from './protocol.js';

/** When a frame was taken, and whether it follows the one before it. */
export interface Moment {
  readonly atMs: MonotonicMs;
  readonly goesOn: boolean;
}

/** Measures one frame and releases it. `random` is seeded by the file, uniform in [0, 1). */
export type MeasureFrame<F> = (frame: Picture, random: () => number, moment: Moment) => Promise<F>;

/**
 * Answers a FrameReader from its child process: settings first, then one file after the other. Files are decoded here,
 * which may end the process. @param load makes what measures a frame
 */
export function serveFrames<S, F>(load: (settings: S) => Promise<MeasureFrame<F>>): void {
  let measure: MeasureFrame<F> | undefined;
  const answer = (message: FromFrameProcess<F & Timed>) => process.send?.(message);
  const serve = async (message: ToFrameProcess<S>): Promise<FromFrameProcess<F & Timed>> => {
    if (message.kind === 'settings') {
      measure = await load(message.settings);
      return { kind: 'ready' };
    }
    if (!measure) throw new Error('settings come first');
    return { kind: 'frames', frames: await measureFile(measure, message) };
  };
  // One message at a time: the parent waits for each answer.
  process.on('message', (message: ToFrameProcess<S>) => {
    serve(message).then(answer, (thrown: unknown) =>
      answer({
        kind: 'fault',
        code: thrown instanceof OperatingError ? thrown.code : 'KAIMON_LIVENESS_SET',
        message: explain(thrown),
      }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}

async function measureFile<F>(measure: MeasureFrame<F>, request: FileRequest) {
  const { file, clip, startMs = 0, goesOn = false } = request;
  // What is random about a file does not depend on the files before it.
  const random = seeded([...file].reduce((hash, letter) => hash * 31 + letter.charCodeAt(0), SEED) >>> 0);
  if (clip) return measureClip(measure, request, random);
  const moment = { atMs: monotonicMs(startMs), goesOn };
  return [{ ...(await measure(await decode(file), random, moment)), atMs: 0 }];
}

async function decode(file: string) {
  try {
    return (await decodePhoto(readPlainFileSync(file, PHOTO_BYTES_MAX))).picture;
  } catch (cause) {
    throw new OperatingError('KAIMON_LIVENESS_SET', `${file} cannot be used: ${messageOf(cause)}`, { cause });
  }
}

async function measureClip<F>(
  measure: MeasureFrame<F>,
  { file, fps, startMs = 0, goesOn = false }: FileRequest,
  random: () => number,
) {
  const frames: (F & Timed)[] = [];
  const video = new Capture({ kind: 'file', path: file });
  try {
    for (let frame = 0, due = 0; frame / video.fps < CLIP_SECONDS_MAX; frame++) {
      const picture = await video.read();
      if (!picture) break;
      const atS = frame / video.fps;
      if (atS + 1e-6 < due) {
        picture.release();
        continue;
      }
      due += 1 / fps;
      const moment = { atMs: monotonicMs(startMs + atS * 1000), goesOn: goesOn || frames.length > 0 };
      frames.push({ ...(await measure(picture, random, moment)), atMs: atS * 1000 });
    }
  } finally {
    await video.release();
  }
  if (frames.length > 0) return frames;
  throw new OperatingError('KAIMON_LIVENESS_SET', `${file} cannot be used as a video: it has no frames`);
}
