import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, OperatingError } from '../kit/errors.js';
import { errnoOf } from '../kit/files/errno.js';
import { readPlainFileSync } from '../kit/files/plain-file.js';
import type { GateState } from './status.js';

/** Name of the file in the run folder: /run/kaimon/state.json of kaimon.service, /run/kaimon/NAME/state.json of kaimon@NAME. */
export const RUN_STATE = 'state.json';

/** The file is written at least so often, so that a reader can tell a state of now from what a dead gate left behind. */
export const RUN_STATE_EVERY_MS = 5_000;
/** Twice the most that the file is promised to be old, for machines that are busy. */
export const RUN_STATE_OLD_MS = 20_000;

/** Bounds of what is written: the file lies in memory. */
const SENTENCES_MAX = 32;
const SENTENCE_CHARS_MAX = 400;
const BYTES_MAX = 256 * 1024;

const Sentences = z.array(z.string());

/** How a gate is, for programs on its own computer. Names nobody. A later version may add keys: what is not known is left out. */
const RunStateSchema = z.object({
  time: z.string(),
  /** The machine's monotonic clock: age is told by it, for the wall clock may jump. */
  monotonicMs: z.number(),
  version: z.string(),
  pid: z.int().positive(),
  status: z.enum(['online', 'degraded']),
  door: z.object({ mode: z.string(), state: z.string() }),
  eye: z.string(),
  camera: z.string(),
  /** `ok`, or why it is not written. */
  journal: z.string(),
  problems: Sentences,
  warnings: Sentences,
  people: z.int().nonnegative(),
  /** How many removals of people who were known here it remembers; missing in versions that did not say. */
  removed: z.int().nonnegative().optional(),
});

/** What stands in {@link RUN_STATE}. */
export type RunState = Readonly<z.infer<typeof RunStateSchema>>;

/** What the state is put together from. */
export interface RunStateFacts {
  readonly time: string;
  readonly monotonicMs: number;
  readonly version: string;
  readonly pid: number;
  readonly state: GateState;
  readonly journalFault: string | undefined;
  readonly people: number;
  readonly removed: number;
}

/** The state as it is written: bounded, whatever is wrong. */
export function runStateOf({ state, journalFault, ...facts }: RunStateFacts): RunState {
  const { status, door, eye, camera, problems, warnings } = state;
  return {
    ...facts,
    status,
    door: { mode: door.mode, state: door.state },
    eye,
    camera,
    journal: journalFault === undefined ? 'ok' : short(journalFault),
    problems: bounded(problems),
    warnings: bounded(warnings),
  };
}

const short = (sentence: string): string => [...sentence].slice(0, SENTENCE_CHARS_MAX).join('');
const bounded = (sentences: readonly string[]): string[] => sentences.slice(0, SENTENCES_MAX).map(short);

/** Where the gate with this run folder tells how it is. */
export const runStateFile = (run: string): string => join(run, RUN_STATE);

const { door, eye, camera, journal, people, removed } = RunStateSchema.shape;
/** Of another version it may say less: what it does not say, or says in another way, is not compared. */
const FormerRunStateSchema = z.object({
  door: door.optional().catch(undefined),
  eye: eye.optional().catch(undefined),
  camera: camera.optional().catch(undefined),
  journal: journal.optional().catch(undefined),
  people: people.optional().catch(undefined),
  removed: removed.catch(undefined),
});

/** How a gate was. */
export type FormerRunState = Readonly<z.infer<typeof FormerRunStateSchema>>;

/** Reads how a gate was, as {@link readRunState}. @throws OperatingError KAIMON_FILE_READ where there is no such file, or no object in it */
export const readFormerRunState = (file: string): FormerRunState => readState(file, FormerRunStateSchema);

/** Reads how a gate is. @throws OperatingError KAIMON_FILE_READ where there is no such file, or it holds something else */
export const readRunState = (file: string): RunState => readState(file, RunStateSchema);

function readState<State>(file: string, schema: z.ZodType<State>): State {
  try {
    return schema.parse(JSON.parse(readPlainFileSync(file, BYTES_MAX).toString('utf8')));
  } catch (cause) {
    const why =
      {
        ENOENT: 'no gate has written it: it is not running, or its version writes none',
        // What stands there is not repeated: root reads it, and the gate's user may have put a link to another file in its place.
        none: 'it holds something else',
      }[errnoOf(cause) ?? 'none'] ?? messageOf(cause);
    throw new OperatingError('KAIMON_FILE_READ', `cannot read how the gate is from ${file}: ${why}`, { cause });
  }
}
