import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { pino } from 'pino';
import type { Clock } from './clock.js';
import { LogQueue } from './logging/log-queue.js';
import { standardError } from './logging/standard-error.js';
import { readableLine } from './readable-line.js';

/** What product code needs of a logger: structured fields first, then a sentence. */
export interface Log extends Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'> {
  /** Sentences for the state, where the log can stall: empty while it is taken. */
  readonly problems?: () => readonly string[];
  /** Lines that nobody took and that are lost, since the start. */
  readonly lostTotal?: () => number;
}

const optionsOf = (level: string, name: string): pino.LoggerOptions => ({
  level,
  base: { part: name },
  timestamp: pino.stdTimeFunctions.isoTime,
  redact: ['*.vector', '*.embedding', '*.template', '*.photo'],
});

/** JSON for journald and pipes; on a terminal lines that people read. */
const forReader = (to: { write(line: string): unknown }): pino.DestinationStream => ({
  write: isatty(2) ? (line) => void to.write(readableLine(line)) : (line) => void to.write(line),
});

/** A command's log on stderr. Synchronous: a command may wait for its reader. */
export const createLog = (level: string, name: string): Log =>
  pino(optionsOf(level, name), forReader(pino.destination({ dest: 2, sync: true })));

/**
 * The daemon's log on stderr. A line is written at once, because the last one before a kill is the one that matters; but a reader that
 * hangs (journald, a pipe, a stopped terminal) keeps nobody waiting: lines then wait in memory up to a bound, and the loss is counted.
 */
export function createDaemonLog(level: string, name: string, clock: Clock): Log {
  const queue = new LogQueue({
    sink: standardError(),
    clock,
    onFlowing: (held) => logger.warn(held, 'the log was not taken for a while; lines that found no room are lost'),
  });
  const logger = pino(optionsOf(level, name), forReader(queue));
  process.once('exit', () => queue.flush());
  return Object.assign(logger, { problems: () => queue.problems(), lostTotal: () => queue.lostTotal });
}

/** Takes what libraries and Node itself print into the log: they would wait for a reader that hangs, or pile up in memory. */
export function takeOverPrinting(log: Pick<Log, 'warn'>): void {
  const print = new Writable({
    decodeStrings: false,
    write(text: unknown, _encoding, done) {
      log.warn({ printed: String(text).trim().slice(0, PRINTED_MAX) }, 'a library printed something');
      done();
    },
  });
  globalThis.console = new Console({ stdout: print, stderr: print });
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => log.warn({ name }, message));
}

/** Characters kept of what a library prints. */
const PRINTED_MAX = 1000;

/** For tests, and commands that print their own output. */
export const silentLog: Log = pino<never>({ level: 'silent' });
