import type { Readable } from 'node:stream';

/** Characters kept of a line. */
const LINE_MAX = 500;
/** Bytes that are read in a second; an eye that prints more waits for the next one. */
const BYTES_MAX = 256 * 1024;
const SECOND_MS = 1000;

/**
 * Reads what an eye prints besides its messages: complaints of OpenCV and ONNX Runtime, and why it crashed. It has a pipe of its own, so
 * that neither waits for the log. Read at a bounded rate: an eye that floods must not cost the gate its time.
 */
export function readOutput(output: Readable, onLine: (line: string) => void): void {
  let rest = '';
  let bytes = 0;
  let pause: NodeJS.Timeout | undefined;
  const tell = (line: string) => {
    const text = line.replace(/\p{Cc}+/gu, ' ').trim();
    if (text !== '') onLine(text.slice(0, LINE_MAX));
  };
  output.setEncoding('utf8');
  output.on('error', () => undefined);
  output.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    // The end of a line that is too long is dropped with its next piece.
    rest = (lines.pop() ?? '').slice(0, LINE_MAX);
    for (const line of lines) tell(line);
    bytes += chunk.length;
    if (bytes <= BYTES_MAX || pause) return;
    output.pause();
    pause = setTimeout(() => {
      pause = undefined;
      bytes = 0;
      output.resume();
    }, SECOND_MS);
    pause.unref();
  });
  output.on('end', () => tell(rest));
}
