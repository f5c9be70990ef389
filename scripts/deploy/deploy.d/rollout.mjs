// Many hosts: the first alone, the others side by side when it is well.

/**
 * @param work (host) → outcome, never throws for a host's sake
 * @param canary whether the first goes alone
 * @returns outcomes in the order of the hosts
 */
export async function rollOut(hosts, work, { canary, parallel, maxFailed }) {
  const outcomes = new Map();
  const failed = () =>
    [...outcomes.values()].filter(({ result }) => result === 'rolled-back' || result === 'failed').length;
  const one = async (host) => {
    try {
      outcomes.set(host, await work(host));
    } catch (thrown) {
      outcomes.set(host, { host, result: 'failed', why: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  };
  const [first, ...others] = hosts;
  const waiting = canary ? others : [...hosts];
  let stop;
  if (canary) {
    await one(first);
    if (outcomes.get(first).result !== 'well') stop = `not touched: the first host, ${first}, is not well`;
  }
  const lane = async () => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      if (canary && failed() >= maxFailed) stop ??= `not touched: ${maxFailed} hosts were rolled back`;
      if (stop !== undefined) outcomes.set(host, { host, result: 'skipped', why: stop });
      else await one(host);
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  return hosts.map((host) => outcomes.get(host));
}

/** 0 all well, 1 some are not as wanted, 4 some could not be reached and nothing worse. */
export function exitCodeOf(outcomes) {
  const results = new Set(outcomes.map(({ result }) => result));
  if (['rolled-back', 'failed', 'refused', 'not-at-work', 'switching'].some((result) => results.has(result))) return 1;
  if (results.has('unreachable')) return 4;
  return results.has('skipped') ? 1 : 0;
}
