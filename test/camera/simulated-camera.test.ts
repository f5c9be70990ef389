import { beforeAll } from 'vitest';
import type { Camera } from '../../src/camera/frame.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { loadOpenCv } from '../../src/kit/opencv/binding.js';
import { cameraContract } from '../contract/camera.contract.js';
import { gradient } from '../kit/opencv/pictures.js';

beforeAll(loadOpenCv);

/** A camera without hardware or files, for tests of what stands behind cameras. */
cameraContract('simulated', async (): Promise<Camera> => {
  const clock = new ManualClock();
  let index = 0;
  let closed = false;
  return {
    live: true,
    read: async () => (closed ? undefined : { picture: gradient(64, 48), takenMs: clock.monotonic(), index: index++ }),
    close: async () => {
      closed = true;
    },
  };
});
