import { join } from 'node:path';
import type { BenchFilms } from './film.js';
import { layOut } from './film.js';
import { type LogLine, MeasuredDaemon, type Memory, memoryOf } from './measured-daemon.js';
import { quantile } from './timer.js';

export interface StartFigures {
  readonly starts: number;
  /** Medians, milliseconds from the start of the process `kaimon run`. */
  readonly upMs: number;
  readonly liveMs: number;
  readonly observationMs: number;
  readonly slowestObservationMs: number;
}

export interface SpeedFigures {
  readonly film: keyof BenchFilms;
  readonly frames: number;
  readonly framesPerSecond: number;
  /** After the first frame and after the last. */
  readonly memory: { readonly first: TwoProcesses; readonly last: TwoProcesses };
}

export interface TwoProcesses {
  readonly gate: Memory;
  readonly eye: Memory;
}

const STARTS = 7;
const FRAMES = 500;

const says = (text: string) => (line: LogLine) => line.msg === text;
/** One frame decides, so that the first Observation with a face shows in the log, as a refusal. */
const AT_ONCE = { agree: 1, of: 1 };
const isDecision = ({ type }: LogLine) => type === 'granted' || type === 'refused';

/** From the start of the process to its first Observation, over and over. @param folder for everything it writes */
export async function benchStart(films: BenchFilms, folder: string): Promise<StartFigures> {
  layOut(join(folder, 'film'), films.one, 50);
  const camera = { kind: 'replay', path: join(folder, 'film'), fps: 10, speed: 'real', loop: true };
  const up: number[] = [];
  const live: number[] = [];
  const observation: number[] = [];
  // The first start warms the file cache and is not counted.
  for (let start = 0; start <= STARTS; start++) {
    const daemon = new MeasuredDaemon(join(folder, String(start)), { camera, decision: AT_ONCE });
    const moment = async (wanted: (line: LogLine) => boolean, into: number[]) => {
      const { time } = await daemon.line(wanted);
      if (start > 0) into.push(Date.parse(time) - daemon.startedAt);
    };
    await Promise.all([
      moment(says('the gate is up'), up),
      moment(says('camera: live'), live),
      moment(isDecision, observation),
    ]);
    await daemon.stop();
  }
  return {
    starts: STARTS,
    upMs: quantile(up, 0.5),
    liveMs: quantile(live, 0.5),
    observationMs: quantile(observation, 0.5),
    slowestObservationMs: Math.max(...observation),
  };
}

/** Lets a whole daemon see a film as fast as it can. @param folder for everything it writes */
export async function benchSpeed(
  film: keyof BenchFilms,
  files: readonly string[],
  folder: string,
): Promise<SpeedFigures> {
  layOut(join(folder, 'film'), files, FRAMES);
  const camera = { kind: 'replay', path: join(folder, 'film'), speed: 'full', loop: false };
  const daemon = new MeasuredDaemon(join(folder, 'daemon'), { camera });
  try {
    const ended = daemon.line(says('camera: ended'));
    const live = await daemon.line(says('camera: live'));
    const first = memoryOfBoth(daemon);
    const { time } = await ended;
    const last = memoryOfBoth(daemon);
    const seconds = (Date.parse(time) - Date.parse(live.time)) / 1000;
    return { film, frames: FRAMES, framesPerSecond: FRAMES / seconds, memory: { first, last } };
  } finally {
    await daemon.stop();
  }
}

export function memoryOfBoth(daemon: MeasuredDaemon): TwoProcesses {
  const { pid, eyePid } = daemon;
  if (eyePid === undefined) throw new Error('the daemon has no eye at the moment');
  return { gate: memoryOf(pid), eye: memoryOf(eyePid) };
}
