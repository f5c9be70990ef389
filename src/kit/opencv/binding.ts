import { messageOf, OperatingError } from '../errors.js';

type OpenCv = typeof import('@u4/opencv4nodejs')['default'];
export type Mat = import('@u4/opencv4nodejs').Mat;

let loaded: OpenCv | undefined;

/**
 * Loads the native binding, once a process. Only this folder imports it. The binding aborts the process on several inputs
 * (empty or short buffers, other than 3 points, malformed cascades) and throws strings, so every call goes through a
 * wrapper here that checks its input first.
 * Never call it in the gate process, nor in a second thread.
 */
export async function loadOpenCv(): Promise<void> {
  if (loaded) return;
  // Otherwise the binding searches for its build configuration and prints coloured lines on stdout.
  process.env['OPENCV4NODEJS_DISABLE_AUTOBUILD'] = '1';
  process.env['OPENCV_LOG_LEVEL'] ??= 'SILENT';
  try {
    const { Log } = await import('@u4/opencv-build');
    Log.silence = true;
    loaded = (await import('@u4/opencv4nodejs')).default;
  } catch (cause) {
    throw new OperatingError(
      'KAIMON_OPENCV_MISSING',
      'OpenCV cannot be loaded: run scripts/setup, which builds its binding for this Node and this distribution, or install the package that was made for it',
      { cause },
    );
  }
}

/** The loaded binding. @throws Error when {@link loadOpenCv} was not awaited before, which is a defect */
export function opencv(): OpenCv {
  if (!loaded) throw new Error('OpenCV was used before loadOpenCv()');
  return loaded;
}

/** Runs one native call; what the binding throws (strings) becomes an Error with the call's name. */
export function native<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw new Error(`OpenCV ${what} failed: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** How many threads OpenCV may use for one call; 0 gives it as many as there are cores. */
export function useThreads(threads: number): void {
  // The binding reads 0 as 1: -1 resets.
  opencv().setNumThreads(threads === 0 ? -1 : threads);
}
