/**
 * Flags of every Node process that loads OpenCV and ONNX Runtime. Without this one Node 20.20.2 ended with V8's "Check failed:
 * marking_done_" in four of four benches with the liveness network, because V8 marked garbage in steps beside their native memory;
 * with it in none. The heaps of these processes are small: marking one at once takes milliseconds.
 */
export const NATIVE_FLAGS = ['--no-incremental-marking'] as const;
