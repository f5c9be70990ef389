import { z } from 'zod';
import { between, choice, fileOrNull, flag, textOrNull, whole } from '../field.js';

const device = z
  .union([z.int().min(0).max(63), z.string().regex(/^\/[^\p{Cc}]{1,255}$/u)])
  .default(0)
  .describe(
    'Kind device: the V4L2 camera. A path such as /dev/v4l/by-id/… survives a change of USB ports (an index 0–63 or an absolute path).',
  );

/** Where frames come from. */
export const cameraSection = z
  .strictObject({
    kind: choice(
      'What delivers frames: a V4L2 device, a GStreamer pipeline, rpicam-vid of a Raspberry Pi, or a recording',
      ['device', 'gstreamer', 'rpicam', 'replay'],
      'device',
    ),
    device,
    pipeline: textOrNull(
      'Kind gstreamer: the pipeline; it must end in appsink and should drop old frames',
      /^[^\p{Cc}]{1,2000}$/u,
      'a text of 1–2000 characters',
    ),
    path: fileOrNull('Kind replay: a video file, or a folder of pictures taken in the order of their names'),
    width: whole('Width of the frames asked for', { unit: 'pixels', min: 160, max: 3840 }, 640),
    height: whole('Height of the frames asked for', { unit: 'pixels', min: 120, max: 2160 }, 480),
    fps: whole('Frames a second asked for', { unit: 'frames per second', min: 1, max: 120 }, 15),
    mjpg: flag('Kind device: ask for Motion JPEG; most USB cameras are slow or small without it', true),
    speed: choice(
      'Kind replay: at the speed of the recording, or as fast as frames are used',
      ['real', 'full'],
      'real',
    ),
    loop: flag('Kind replay: begin again at the end', true),
    stallMs: whole(
      'A camera without a frame for this long is closed and opened again',
      { unit: 'milliseconds', min: 500, max: 60_000 },
      5000,
    ),
  })
  .refine(
    ({ kind, pipeline }) => kind !== 'gstreamer' || pipeline !== null,
    between(['kind', 'pipeline'], 'pipeline', 'camera.kind gstreamer needs camera.pipeline'),
  )
  .refine(
    ({ kind, path }) => kind !== 'replay' || path !== null,
    between(['kind', 'path'], 'path', 'camera.kind replay needs camera.path, a video file or a folder of pictures'),
  );
