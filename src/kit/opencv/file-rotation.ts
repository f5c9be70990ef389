import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type Rotation, videoRotation } from './video-rotation.js';

/** Larger files are read as if they had no rotation. */
const HEADER_BYTES_MAX = 256 * 1024 * 1024;

/** How a video file must be turned to stand upright. @throws Error when it cannot be read */
export function fileRotation(path: string): Rotation {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size } = fstatSync(file);
    if (size > HEADER_BYTES_MAX) return 0;
    const bytes = Buffer.alloc(size);
    return videoRotation(bytes.subarray(0, readSync(file, bytes, 0, size, 0)));
  } finally {
    closeSync(file);
  }
}
