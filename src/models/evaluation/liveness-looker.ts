/** A child process of `kaimon evaluate liveness`: decodes pictures and videos, which may end it, and looks at their frames. */
import { readFileSync } from 'node:fs';
import { explain, messageOf, OperatingError } from '../../kit/errors.js';
import { decodePhoto } from '../../kit/opencv/codec.js';
import { VideoFile } from '../../kit/opencv/video-file.js';
import { loadManifest } from '../model-files.js';
import { alteration } from './alteration.js';
import { seeded } from './figures.js';
import { LivenessEye } from './liveness-eye.js';
import { CLIP_SECONDS_MAX, type FileLook, type FromLooker, type ToLooker } from './liveness-protocol.js';

const SEED = 20_261_124;
let eye: LivenessEye | undefined;

const tell = (message: FromLooker) => process.send?.(message);

// One message at a time: the parent waits for each answer.
process.on('message', (message: ToLooker) => {
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

async function serve(message: ToLooker): Promise<FromLooker> {
  if (message.kind === 'settings') {
    const { noise, dim } = message.alteration;
    const alter = noise > 0 || dim !== 1 ? alteration(message.alteration, seeded(SEED)) : undefined;
    eye = await LivenessEye.load(loadManifest(), message.faces, alter);
    return { kind: 'ready' };
  }
  if (!eye) throw new Error('settings come first');
  // The noise of a file does not depend on the files before it.
  const random = seeded([...message.file].reduce((hash, letter) => hash * 31 + letter.charCodeAt(0), SEED) >>> 0);
  const looks = message.clip
    ? await lookAtClip(eye, message.file, message.fps, random)
    : [{ atMs: 0, face: (await eye.look(await decode(message.file), random)) ?? null }];
  return { kind: 'looks', looks: looks as FileLook[] };
}

async function decode(file: string) {
  try {
    return (await decodePhoto(readFileSync(file))).picture;
  } catch (cause) {
    throw new OperatingError('KAIMON_LIVENESS_SET', 'input', `${file} cannot be used: ${messageOf(cause)}`, { cause });
  }
}

async function lookAtClip(watching: LivenessEye, file: string, fps: number, random: () => number) {
  const looks: unknown[] = [];
  const video = new VideoFile(file);
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
      looks.push({ atMs: atS * 1000, face: (await watching.look(picture, random)) ?? null });
    }
  } finally {
    video.release();
  }
  if (looks.length > 0) return looks;
  throw new OperatingError('KAIMON_LIVENESS_SET', 'input', `${file} cannot be used as a video: it has no frames`);
}
