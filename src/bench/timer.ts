/** Milliseconds of one thing done many times. */
export interface Timing {
  readonly runs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  /** CPU time of the process a run, mean: what another job on the machine changes least. */
  readonly cpuMs: number;
}

const RUNS = 300;
const WARM_UP = 60;

/** Times `act` one run after the other. @param act gets the number of the run, warm-up included */
export async function timed(act: (run: number) => unknown, runs = RUNS, warmUp = WARM_UP): Promise<Timing> {
  for (let run = 0; run < warmUp; run++) await act(run);
  const walls: number[] = [];
  const before = process.cpuUsage();
  for (let run = warmUp; run < warmUp + runs; run++) {
    const begin = performance.now();
    const result = act(run);
    // A synchronous stage is not charged with a turn of the queue.
    if (result instanceof Promise) await result;
    walls.push(performance.now() - begin);
  }
  const { user, system } = process.cpuUsage(before);
  return { runs, medianMs: quantile(walls, 0.5), p95Ms: quantile(walls, 0.95), cpuMs: (user + system) / 1000 / runs };
}

/** Two ways to do one thing, by turns. */
export interface Paired {
  /** Medians of a run: CPU time of the process, and by the clock. */
  readonly before: { readonly cpuMs: number; readonly wallMs: number };
  readonly after: { readonly cpuMs: number; readonly wallMs: number };
  /** Median, over the pairs, of the second's CPU time as a share of the first's. */
  readonly ratio: number;
}

const PAIRED_WARM_UP = 20;

/** Times two acts by turns, so that whatever else the machine does disturbs both: first one begins a pair, then the other. */
export async function pairwise(
  before: () => Promise<unknown>,
  after: () => Promise<unknown>,
  runs: number,
): Promise<Paired> {
  const one = { act: before, cpu: [] as number[], wall: [] as number[] };
  const other = { act: after, cpu: [] as number[], wall: [] as number[] };
  for (let run = -PAIRED_WARM_UP; run < runs; run++)
    for (const side of run % 2 === 0 ? [one, other] : [other, one]) {
      const cpu = process.cpuUsage();
      const begin = performance.now();
      await side.act();
      const wallMs = performance.now() - begin;
      const { user, system } = process.cpuUsage(cpu);
      if (run < 0) continue;
      side.cpu.push((user + system) / 1000);
      side.wall.push(wallMs);
    }
  const medians = ({ cpu, wall }: typeof one) => ({ cpuMs: quantile(cpu, 0.5), wallMs: quantile(wall, 0.5) });
  const ratios = other.cpu.map((cpuMs, at) => cpuMs / (one.cpu[at] as number));
  return { before: medians(one), after: medians(other), ratio: quantile(ratios, 0.5) };
}

/** @param share 0…1, of the sorted values; the nearest one, none in between. NaN when there are none */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
