/**
 * Flags of every Node process that loads OpenCV and ONNX Runtime. Node 20.20.2 died of V8's own "Check failed: marking_done_"
 * when garbage was marked in steps beside their native memory: four of four benches with the liveness network, none with
 * this flag. The heaps of these processes are small; marking one at once takes milliseconds.
 */
export const NATIVE_FLAGS = ['--no-incremental-marking'] as const;
