import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type WallMs, wallMs } from '../kit/clock.js';
import { readClockFacts } from './clock-facts.js';
import { type ClockNeeds, firstComparison, NEVER_TRUSTED, type TrustedTimes, whyDistrust } from './clock-trust.js';
import { trustedTimesSchema } from './trusted-times-file.js';

/** Whether the clock is trusted now: for a command, which asks once. What cannot be read confirms nothing, and nothing is written. */
export async function isClockTrusted(needs: ClockNeeds, state: string, clock: Clock): Promise<boolean> {
  if (needs === 'unchecked') return true;
  const [facts, times] = await Promise.all([readClockFacts(clock), timesOf(join(state, 'clock.json'))]);
  return whyDistrust(firstComparison(needs, facts, times, clock.wall(), clock.monotonic()), clock.wall()) === undefined;
}

async function timesOf(file: string): Promise<TrustedTimes> {
  // Damaged or missing: the daemon says so at its start.
  const text = await readFile(file, 'utf8').catch(() => '');
  const kept = trustedTimesSchema.safeParse(jsonOf(text)).data;
  return kept ? { networkMs: msOf(kept.network), batteryMs: msOf(kept.battery) } : NEVER_TRUSTED;
}

const msOf = (text: string | null): WallMs | null => (text === null ? null : wallMs(Date.parse(text)));

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // As for a missing one.
    return undefined;
  }
}
