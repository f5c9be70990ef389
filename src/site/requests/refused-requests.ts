// pure
import { LIFETIME_MAX_MS } from '../messages.js';
import { isVerb } from './verbs.js';

/** Marks of one line: as many as a client has in flight that sends many at once. */
export const MARKS_MAX = 32;
/** Twelve verbs, and what is no verb, of 500 keys: all that a list of keys holds. */
export const LINES_MAX = 6_500;

/** One request that was refused; without `id`: all that was made from one time to another. */
export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly id: string | undefined;
}

interface Made {
  readonly id: string;
  readonly madeMs: number;
}

/** What is remembered together: the requests of one client for one verb. */
export const lineOf = (client: string, verb: string): string => `${isVerb(verb) ? verb : '?'} ${client}`;

/**
 * Requests that somebody has signed and that were refused: they are not done later either. Each line has room of its own, so whoever has a key that was
 * revoked, or has not the role, fills nothing of others. A line remembers {@link MARKS_MAX}; of more, those made nearest to each other become one span of
 * time, and all that was made within it counts as refused. So nothing that was refused is ever new, whatever the clock shows, and nothing is refused that was
 * made after the last of a line. Of more than {@link LINES_MAX} lines, as keys come and go, the one goes in which nothing was refused for longest.
 */
export class RefusedRequests {
  /** The line that was added to last is last; the marks of each in the order of time, none within another. */
  readonly #lines: Map<string, readonly Mark[]>;

  /** @param kept from before the restart */
  constructor(kept: Iterable<readonly [line: string, marks: readonly Mark[]]> = []) {
    this.#lines = new Map([...kept].map(([line, marks]) => [line, [...marks].sort(byTime)]));
  }

  add(line: string, made: Made, nowMs: number): void {
    if (this.find(line, made)) return;
    const mark = { from: made.madeMs, to: made.madeMs, id: made.id.toLowerCase() };
    const marks = bounded([...(this.#lines.get(line) ?? []), mark].sort(byTime), nowMs);
    this.#lines.delete(line);
    const [oldest] = this.#lines.keys();
    if (this.#lines.size >= LINES_MAX && oldest !== undefined) this.#lines.delete(oldest);
    this.#lines.set(line, marks);
  }

  /** The mark that a request is refused for. */
  find(line: string, { id, madeMs }: Made): Mark | undefined {
    const lower = id.toLowerCase();
    return this.#lines
      .get(line)
      ?.find((mark) => (mark.id === undefined ? mark.from <= madeMs && madeMs <= mark.to : mark.id === lower));
  }

  get all(): Iterable<readonly [line: string, marks: readonly Mark[]]> {
    return this.#lines;
  }
}

const byTime = (a: Mark, b: Mark): number => a.from - b.from || a.to - b.to;

/** @param marks at most one too many */
function bounded(marks: readonly Mark[], nowMs: number): readonly Mark[] {
  if (marks.length <= MARKS_MAX) return marks;
  let least: { readonly at: number; readonly lost: number; readonly between: number } | undefined;
  for (const [at, { from }] of marks.slice(1).entries()) {
    const to = marks[at]?.to ?? from;
    // What was made so long ago has expired: to refuse it costs nothing.
    const [lost, between] = [Math.max(0, from - Math.max(to, nowMs - LIFETIME_MAX_MS)), from - to];
    if (!least || lost < least.lost || (lost === least.lost && between < least.between)) least = { at, lost, between };
  }
  const [a, b] = [marks[least?.at ?? 0], marks[(least?.at ?? 0) + 1]] as [Mark, Mark];
  const span: Mark = { from: a.from, to: Math.max(a.to, b.to), id: undefined };
  return marks.filter((mark) => mark !== b).map((mark) => (mark === a ? span : mark));
}
