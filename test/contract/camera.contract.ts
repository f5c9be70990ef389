import { afterEach, describe, expect, test } from 'vitest';
import type { Camera, Frame } from '../../src/camera/frame.js';

/** An open camera that delivers pictures of 64 × 48 pixels for as long as it is read. */
export type MakeCamera = () => Promise<Camera>;

/** Every Camera, real or simulated, passes these. */
export function cameraContract(name: string, make: MakeCamera): void {
  describe(`every camera: ${name}`, () => {
    let camera: Camera | undefined;
    afterEach(() => camera?.close());
    const open = async () => {
      camera = await make();
      return camera;
    };
    const read = async (from: Camera): Promise<Frame> => {
      const frame = await from.read();
      if (!frame) throw new Error('the camera has ended');
      return frame;
    };

    test('delivers BGR pictures of its size', async () => {
      const { picture } = await read(await open());
      expect([picture.width, picture.height, picture.channels]).toEqual([64, 48, 3]);
      expect(picture.bytes()).toHaveLength(64 * 48 * 3);
      picture.release();
    });

    test('counts frames upwards, in the order of their time', async () => {
      const from = await open();
      const frames: Frame[] = [];
      for (let i = 0; i < 3; i++) frames.push(await read(from));
      const [a, b, c] = frames as [Frame, Frame, Frame];
      expect(a.index).toBeGreaterThanOrEqual(0);
      expect(b.index).toBeGreaterThan(a.index);
      expect(c.index).toBeGreaterThan(b.index);
      expect(b.takenMs).toBeGreaterThanOrEqual(a.takenMs);
      expect(c.takenMs).toBeGreaterThanOrEqual(b.takenMs);
      for (const { picture } of frames) picture.release();
    });

    test('a picture stays unchanged while the next ones are read', async () => {
      const from = await open();
      const { picture } = await read(from);
      const before = picture.bytes();
      (await read(from)).picture.release();
      expect(picture.bytes().equals(before)).toBe(true);
      picture.release();
    });

    test('closed, it delivers nothing more, and may be closed twice', async () => {
      const from = await open();
      (await read(from)).picture.release();
      await from.close();
      await from.close();
      const late = await from.read().catch((thrown: unknown) => thrown);
      expect(late === undefined || late instanceof Error).toBe(true);
    });

    test('closed while it is read, the read ends', async () => {
      const from = await open();
      const reading = from.read().catch((thrown: unknown) => thrown);
      await from.close();
      const late = await reading;
      if (late && !(late instanceof Error)) (late as Frame).picture.release();
    });
  });
}
