/** How a spawn fails: Node tells by an event where process numbers or descriptors have run out (EAGAIN, EMFILE), and throws without memory (ENOMEM). */
export const SPAWN_FAILURES = ['by an event', 'by throwing'] as const;
export type SpawnFailure = (typeof SPAWN_FAILURES)[number];

/** More than the kernel takes as one string of an environment. */
const TOO_LONG = 'x'.repeat(200 * 1024);

/**
 * From here on no program that is found by PATH can be started by this process: it is not found (which Node tells in the same way as
 * EAGAIN), or its environment is too long for the kernel (which it tells in the same way as ENOMEM).
 * @returns ends that
 */
export function withoutProcesses(how: SpawnFailure): () => void {
  const name = how === 'by an event' ? 'PATH' : 'KAIMON_TEST_TOO_LONG';
  const before = process.env[name];
  process.env[name] = how === 'by an event' ? '/nonexistent' : TOO_LONG;
  return () => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  };
}
