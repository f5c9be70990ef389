import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errnoOf } from '../files/errno.js';
import type { LogSink } from './log-queue.js';

const STDERR = 2;

/**
 * Standard error, written without ever waiting for its reader. A write to a full pipe, to a socket of a journald that hangs, or to a
 * terminal stopped by Ctrl-S would otherwise hold the event loop, and with it the end of the door's pulse.
 */
export function standardError(): LogSink {
  if (isatty(STDERR)) return descriptor(ownTerminal());
  const kind = fstatSync(STDERR);
  if (kind.isFile()) return file(STDERR);
  // To look at the stream puts its pipe or socket into non-blocking mode, for every writer in this process: V8, native code and
  // libraries too. Node puts the mode back when it ends.
  if (kind.isFIFO() || kind.isSocket()) void process.stderr;
  return descriptor(STDERR);
}

/** Writes the reason for which this process ends, without waiting. What is not taken is lost. */
export function writeLastWords(text: string): void {
  try {
    standardError().writeLast(Buffer.from(text));
  } catch {
    // Nobody reads, and there is no other place to say so.
  }
}

function descriptor(fd: number): LogSink {
  const attempt = (bytes: Uint8Array): number => {
    try {
      return writeSync(fd, bytes);
    } catch (thrown) {
      if (errnoOf(thrown) === 'EAGAIN') return 0;
      throw thrown;
    }
  };
  return { write: attempt, writeLast: attempt };
}

/** The terminal opened once more: non-blocking for this process only, and not for the shell that shares it. */
function ownTerminal(): number {
  try {
    return openSync(`/proc/self/fd/${STDERR}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // A terminal of another user (after su): better a log that may stop than none.
    return STDERR;
  }
}

/** A file: the disk may hang, so one write at a time is left to the thread pool. */
function file(fd: number): LogSink {
  let writing = false;
  let failed: NodeJS.ErrnoException | undefined;
  let room: () => void = () => undefined;
  return {
    write(bytes) {
      const fault = failed;
      failed = undefined;
      if (fault) throw fault;
      if (writing) return 0;
      writing = true;
      write(fd, bytes, (error) => {
        writing = false;
        failed = error ?? undefined;
        if (!error) room();
      });
      return bytes.length;
    },
    writeLast: (bytes) => writeSync(fd, bytes),
    onRoom(listener) {
      room = listener;
    },
  };
}
