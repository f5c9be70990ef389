/** The end of a run: waits until nothing moves, lets minutes pass where the gates do not agree yet, and judges. */
import { summaryOf } from '../../../src/site/sync/people-digest.js';
import type { Fleet } from './fleet.js';

export interface Healing {
  /** Minutes that had to pass after everything was whole again. */
  readonly minutes: number;
  readonly exact: number;
  readonly newer: number;
}

/** The rule says an hour of right time at most, and ten minutes for what two gates have sent twice. */
const MINUTES_MAX = 80;

/**
 * @param quietMs so long nothing about people may pass: longer than the gates wait for the end of a burst
 * @returns what was found; what is wrong stands in `fleet.wrong`
 */
export async function heal(fleet: Fleet, quietMs: number): Promise<Healing> {
  for (const { clock } of fleet.gates) {
    clock.offsetMs = 0;
    clock.trusted = true;
  }
  for (let minutes = 0; ; minutes++) {
    await quiet(fleet, quietMs);
    const differences = [...differing(fleet)];
    const found = fleet.gates[0]?.stamps() ?? new Map<string, string>();
    const { wrong, exact, newer } = fleet.model.judge(found);
    const digests = differences.length > 0 || wrong.length > 0 ? [] : await wrongDigests(fleet, found, quietMs);
    if (differences.length + wrong.length + digests.length === 0) return { minutes, exact, newer };
    if (minutes === MINUTES_MAX) {
      for (const text of [...differences, ...wrong, ...digests]) fleet.fault(text);
      return { minutes, exact, newer };
    }
    fleet.note(`a minute passes: ${[...differences, ...wrong, ...digests].slice(0, 3).join('; ')}`);
    fleet.time.skip(61_000);
  }
}

/** All gates are connected and nothing about people passes. */
async function quiet(fleet: Fleet, quietMs: number): Promise<void> {
  const end = performance.now() + 120_000;
  let skipped = performance.now();
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const away = fleet.gates.some(({ up }) => !up);
    // Whoever waits half a minute for the next try to connect need not be waited for.
    if (away && performance.now() - skipped > 2_000) {
      skipped = performance.now();
      fleet.time.skip(5_000);
    }
    if (!away && Date.now() - fleet.traffic.lastMs >= quietMs) return;
  }
  fleet.note('it did not become quiet within two minutes');
}

function* differing(fleet: Fleet): Generator<string, void> {
  const [first, ...others] = fleet.gates;
  if (!first) return;
  const expected = first.stamps();
  for (const gate of others) {
    const stamps = gate.stamps();
    for (const id of new Set([...expected.keys(), ...stamps.keys()]))
      if (expected.get(id) !== stamps.get(id))
        yield `${id}: ${first.name} knows ${short(expected.get(id))}, ${gate.name} ${short(stamps.get(id))}`;
  }
}

/** The digests that the gates publish are that of the model's people, at each broker. */
async function wrongDigests(
  fleet: Fleet,
  found: ReadonlyMap<string, string>,
  quietMs: number,
): Promise<readonly string[]> {
  const people = new Map(
    fleet.model.records(found).flatMap((record) => ('removed' in record ? [] : [[record.id, record]])),
  );
  const { hash } = await summaryOf({ get: (id) => people.get(id), all: () => people.values(), size: people.size });
  // Gates count again after two seconds.
  fleet.time.skip(2_500);
  let wrong: string[] = [];
  for (const end = performance.now() + 5_000 + quietMs; performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    wrong = fleet.gates.flatMap(({ name }) =>
      fleet
        .hashes(name)
        .flatMap((one, i) => (one === hash ? [] : [`${name}: its digest at broker ${i} is ${one}, not ${hash}`])),
    );
    if (wrong.length === 0) break;
    fleet.time.skip(1_000);
  }
  return wrong;
}

const short = (stamp: string | undefined): string => stamp?.slice(0, 40) ?? 'nothing';
