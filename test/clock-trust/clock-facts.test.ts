import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ClockSources, readClockFacts } from '../../src/clock-trust/clock-facts.js';
import { wallMs } from '../../src/kit/clock.js';

const NOW = Date.UTC(2026, 5, 1, 8);
const clock = { wall: () => wallMs(NOW) };
let folder: string;
let sources: ClockSources;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaimon-clock-'));
  sources = {
    syncFile: join(folder, 'synchronized'),
    rtcFolder: join(folder, 'rtc'),
    timedatectl: join(folder, 'timedatectl'),
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(script: string): void {
  writeFileSync(sources.timedatectl, `#!/bin/sh\n${script}\n`);
  chmodSync(sources.timedatectl, 0o755);
}
function batteryClock(seconds: number | string): void {
  mkdirSync(join(sources.rtcFolder, 'rtc0'), { recursive: true });
  writeFileSync(join(sources.rtcFolder, 'rtc0', 'since_epoch'), `${seconds}\n`);
}

test('a machine that says nothing about its clock confirms nothing, and that is not a problem', async () => {
  expect(await readClockFacts(clock, sources)).toEqual({ synchronisedMs: undefined, rtcAgrees: false, troubles: [] });
});

test('the file of timesyncd shows when the clock was synchronised', async () => {
  writeFileSync(sources.syncFile, '');
  utimesSync(sources.syncFile, (NOW - 5000) / 1000, (NOW - 5000) / 1000);
  program('echo no');
  expect((await readClockFacts(clock, sources)).synchronisedMs).toBe(NOW - 5000);
});

test.each([
  ['yes', NOW],
  ['no', undefined],
  ['', undefined],
])('without that file timedatectl is asked; it says "%s"', async (says, at) => {
  program(`test "$*" = "show --property=NTPSynchronized --value" && echo ${says}`);
  const facts = await readClockFacts(clock, sources);
  expect(facts.synchronisedMs).toBe(at);
  expect(facts.troubles).toEqual([]);
});

test('a timedatectl that fails is a problem, and confirms nothing', async () => {
  program('echo yes; exit 1');
  const facts = await readClockFacts(clock, sources);
  expect(facts.synchronisedMs).toBeUndefined();
  expect(facts.troubles[0]).toMatch(/^cannot ask timedatectl: /);
});

test.each<[string, number | string, boolean]>([
  ['that agrees confirms the clock', NOW / 1000 - 3, true],
  ['that began again in 1970 confirms nothing', 120, false],
  ['that is an hour off confirms nothing', NOW / 1000 + 3600, false],
  ['that shows nothing sensible confirms nothing', 'soon', false],
])('a battery-backed clock %s', async (_which, seconds, agrees) => {
  batteryClock(seconds);
  expect((await readClockFacts(clock, sources)).rtcAgrees).toBe(agrees);
});
