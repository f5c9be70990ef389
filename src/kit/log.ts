import { isatty } from 'node:tty';
import { pino } from 'pino';
import { readableLine } from './readable-line.js';

/** What product code needs of a logger: structured fields first, then a sentence. */
export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'>;

/**
 * The process's log on stderr. Synchronous: the last line before a kill is the one that matters,
 * and an asynchronous destination loses it.
 */
export function createLog(level: string, name: string): Log {
  return pino(
    {
      level,
      base: { part: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['*.vector', '*.embedding', '*.template', '*.photo'],
    },
    destination(),
  );
}

/** JSON for journald and pipes; on a terminal lines that people read. */
function destination(): pino.DestinationStream {
  const stderr = pino.destination({ dest: 2, sync: true });
  if (!isatty(2)) return stderr;
  return { write: (line: string) => stderr.write(readableLine(line)) };
}

/** For tests, and commands that print their own output. */
export const silentLog: Log = pino({ level: 'silent' });
