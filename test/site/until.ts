/**
 * Waits until `holds`, at most `seconds`: for what happens in another process or on a later turn of the event loop.
 * @throws Error naming what did not happen.
 */
export async function until(what: string, holds: () => boolean, seconds = 10): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`within ${seconds} seconds it did not happen that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
