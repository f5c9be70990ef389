import { readFileSync } from 'node:fs';
import { explain, messageOf, OperatingError } from '../../kit/errors.js';
import { Capture } from '../../kit/opencv/capture.js';
import { decodePhoto } from '../../kit/opencv/codec.js';
import type { Picture } from '../../kit/opencv/picture.js';
import { seeded } from '../../kit/seeded-random.js';
import { CLIP_SECONDS_MAX, type FileRequest, type FromLooker, type ToLooker } from './protocol.js';

const SEED = 20_261_124;

/** Looks at one frame and releases it. `random` is seeded by the file, uniform in [0, 1). */
export type LookAt<L> = (frame: Picture, random: () => number) => Promise<L>;

/**
 * Serves the messages of a Looking in its child process: settings first, then one file after the other; decoding, which
 * may end the process, happens here. @param load makes the eye
 */
export function serveLooks<S, L>(load: (settings: S) => Promise<LookAt<L>>): void {
  let lookAt: LookAt<L> | undefined;
  const tell = (message: FromLooker<L & { readonly atMs: number }>) => process.send?.(message);
  const serve = async (message: ToLooker<S>): Promise<FromLooker<L & { readonly atMs: number }>> => {
    if (message.kind === 'settings') {
      lookAt = await load(message.settings);
      return { kind: 'ready' };
    }
    if (!lookAt) throw new Error('settings come first');
    return { kind: 'looks', looks: await lookAtFile(lookAt, message) };
  };
  // One message at a time: the parent waits for each answer.
  process.on('message', (message: ToLooker<S>) => {
    serve(message).then(tell, (thrown: unknown) =>
      tell({
        kind: 'fault',
        code: thrown instanceof OperatingError ? thrown.code : 'KAIMON_LIVENESS_SET',
        trouble: thrown instanceof OperatingError ? thrown.trouble : 'input',
        message: explain(thrown),
      }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}

async function lookAtFile<L>(lookAt: LookAt<L>, { file, clip, fps }: FileRequest) {
  // What is random about a file does not depend on the files before it.
  const random = seeded([...file].reduce((hash, letter) => hash * 31 + letter.charCodeAt(0), SEED) >>> 0);
  if (clip) return lookAtClip(lookAt, file, fps, random);
  return [{ ...(await lookAt(await decode(file), random)), atMs: 0 }];
}

async function decode(file: string) {
  try {
    return (await decodePhoto(readFileSync(file))).picture;
  } catch (cause) {
    throw new OperatingError('KAIMON_LIVENESS_SET', 'input', `${file} cannot be used: ${messageOf(cause)}`, { cause });
  }
}

async function lookAtClip<L>(lookAt: LookAt<L>, file: string, fps: number, random: () => number) {
  const looks: (L & { readonly atMs: number })[] = [];
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
      looks.push({ ...(await lookAt(picture, random)), atMs: atS * 1000 });
    }
  } finally {
    await video.release();
  }
  if (looks.length > 0) return looks;
  throw new OperatingError('KAIMON_LIVENESS_SET', 'input', `${file} cannot be used as a video: it has no frames`);
}
