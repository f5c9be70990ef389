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

/** @param share 0…1, of the sorted values; the nearest one, none in between. NaN when there are none */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
