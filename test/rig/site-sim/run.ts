/** One run of the simulation: people everywhere, a calm time in which is measured, a storm, and what came of it. */
import { rmSync } from 'node:fs';
import { seeded } from '../../../src/kit/seeded-random.js';
import { Fleet } from './fleet.js';
import { type Arrival, percentile } from './lag.js';
import { founders, keysFor } from './sample.js';
import { Script, type ScriptOptions } from './script.js';
import { type Amount, since } from './traffic.js';
import { type Healing, heal } from './verdict.js';

export interface RunOptions {
  readonly folder: string;
  readonly seed: number;
  readonly gates: number;
  readonly people: number;
  readonly brokers: 1 | 2;
  readonly keys: boolean;
  readonly onDisk: number;
  readonly numbers: number;
  readonly quietMs: number;
  /** Edits without faults, at most one each `everyMs`. */
  readonly calm: { readonly edits: number; readonly everyMs: number };
  readonly storm: Pick<ScriptOptions, 'steps' | 'stepMs' | 'forMs' | 'faultMs' | 'faults'>;
  readonly say: (text: string) => void;
}

export interface Times {
  readonly changes: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** Changes that took longer than a second, and how many of them to a gate that had not been connected for ten. */
  readonly slow: number;
  readonly slowAtNewcomers: number;
}

export interface RunReport {
  readonly wrong: readonly string[];
  readonly trace: readonly string[];
  readonly startMs: number;
  /** Received by all gates until all knew all at the start. */
  readonly startMessages: number;
  readonly mibPerGate: number;
  /** Processor time of the brokers until then, in microseconds for each message that a gate received. */
  readonly brokerUs: number;
  readonly calm: Times;
  readonly storm: Times;
  /** Sent and received by all gates a change, by kind, in the calm time. */
  readonly sent: ReadonlyMap<string, Amount>;
  readonly received: ReadonlyMap<string, Amount>;
  readonly calmEdits: number;
  readonly edits: number;
  readonly refused: number;
  readonly forgotten: number;
  readonly healing: Healing | undefined;
  readonly people: number;
  readonly removals: number;
}

/** What has not arrived after so long although nothing was broken is lost. */
const LATE_MS = 30_000;

export async function run(options: RunOptions): Promise<RunReport> {
  const { seed, folder, numbers, say } = options;
  const random = seeded(seed);
  const known = founders(options.people, numbers, random);
  const names = Array.from({ length: options.gates }, (_, i) => `g${i}`);
  const before = process.memoryUsage().rss;
  const began = performance.now();
  const fleet = await Fleet.start({ ...options, people: known, keys: keysFor(names, options.keys) });
  try {
    await settled(fleet, options.quietMs);
    const startMs = performance.now() - began;
    const startMessages = fleet.traffic.received.get('person')?.messages ?? 0;
    const delivered = [...fleet.traffic.received.values()].reduce((sum, { messages }) => sum + messages, 0);
    const brokerUs = (fleet.brokers.cpuMs * 1_000) / delivered;
    const mibPerGate = (process.memoryUsage().rss - before) / options.gates / 2 ** 20;
    say(`${options.gates} gates know ${options.people} people after ${seconds(startMs)}`);

    const common = { random, numbers, forMs: 10 * 60_000 };
    const from = fleet.traffic.snapshot();
    const { edits: steps, everyMs } = options.calm;
    const noFaults = { pulls: 0, kills: 0, clocks: 0, restarts: 0, lost: 0, minutes: 0 };
    const calmScript = new Script(
      fleet,
      { ...common, steps, stepMs: 2 * everyMs, faultMs: [0, 0], faults: noFaults, onStep: () => undefined },
      known.map(({ id }) => id),
    );
    await calmScript.play();
    const until = performance.now() + LATE_MS;
    while (fleet.lag.late().length > 0 && performance.now() < until) await settled(fleet, options.quietMs);
    const calm = timesOf(fleet.lag.arrivals);
    const sent = since(fleet.traffic.sent, from.sent);
    const received = since(fleet.traffic.received, from.received);
    for (const { id, ms, gates } of fleet.lag.late())
      fleet.fault(`${id}: not known at ${gates.join(', ')} after ${seconds(ms)} although nothing was broken`);
    say(`calm: ${textOf(calm)}`);

    const measured = fleet.lag.arrivals.length;
    let told = performance.now();
    const onStep = (step: number) => {
      if (performance.now() - told < 15_000) return;
      told = performance.now();
      say(`step ${step}, ${fleet.gates.filter(({ up }) => up).length} gates up, ${fleet.wrong.length} wrong`);
    };
    const script = new Script(
      fleet,
      { ...common, ...options.storm, onStep },
      [...fleet.model.ids()].filter((id) => !fleet.model.isRemoved(id)),
    );
    script.continueAfter(calmScript);
    await script.play();
    say(`storm is over: ${script.edits} edits, ${script.refused} refused`);
    const healing = await heal(fleet, options.quietMs);
    const [first] = fleet.gates;
    return {
      wrong: [...fleet.wrong],
      trace: fleet.trace,
      startMs,
      startMessages,
      mibPerGate,
      brokerUs,
      calm,
      storm: timesOf(fleet.lag.arrivals.slice(measured)),
      sent,
      received,
      calmEdits: calmScript.edits - calmScript.refused,
      edits: script.edits,
      refused: script.refused,
      forgotten: fleet.forgotten,
      healing,
      people: first?.people.size ?? 0,
      removals: first?.people.tombstones().size ?? 0,
    };
  } finally {
    await fleet.close();
    // A life that was left may still be writing.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Everybody is connected and nothing about people passed for a while. */
async function settled(fleet: Fleet, quietMs: number): Promise<void> {
  const isQuiet = () => fleet.gates.every(({ up }) => up) && Date.now() - fleet.traffic.lastMs >= quietMs;
  while (!isQuiet()) await new Promise((resolve) => setTimeout(resolve, 50));
}

function timesOf(arrivals: readonly Arrival[]): Times {
  const times = arrivals.map(({ ms }) => ms);
  const slow = arrivals.filter(({ ms }) => ms > 1_000);
  return {
    changes: times.length,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    max: percentile(times, 1),
    slow: slow.length,
    slowAtNewcomers: slow.filter(({ upForMs }) => upForMs < 10_000).length,
  };
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export const textOf = ({ changes, p50, p95, max, slow, slowAtNewcomers }: Times): string =>
  `${changes} changes reached the last connected gate in ${p50.toFixed(0)} ms (p50), ${p95.toFixed(0)} (p95), ${max.toFixed(0)} (max); ${slow} took longer than a second, ${slowAtNewcomers} of them to a gate connected for less than ten`;
