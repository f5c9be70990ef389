import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../rig/site-sim/run.js';

const SMALL = {
  gates: 4,
  people: 100,
  onDisk: 4,
  numbers: 4,
  quietMs: 450,
  calm: { edits: 20, everyMs: 5 },
  storm: {
    steps: 220,
    stepMs: 20,
    forMs: 15_000,
    faultMs: [100, 800] as const,
    faults: { pulls: 8, kills: 6, clocks: 8, restarts: 1, lost: 1, minutes: 6 },
  },
  say: () => undefined,
};

// The large one: node test/rig/site-sim.mjs
test.each([
  [1, { brokers: 2, keys: false }],
  [2, { brokers: 1, keys: true }],
  [3, { brokers: 2, keys: true }],
] as const)(
  'gates, brokers, clocks and disks fail in every way, and all gates know what was acknowledged (seed %i)',
  async (seed, site) => {
    const folder = mkdtempSync(join(tmpdir(), 'kaimon-simulation-'));
    const { wrong, trace, healing } = await run({ ...SMALL, ...site, seed, folder });
    expect(wrong, trace.join('\n')).toEqual([]);
    // How many changes are acknowledged between the faults depends on how busy the machine is.
    expect(healing?.exact).toBeGreaterThan(SMALL.people / 5);
  },
  120_000,
);
