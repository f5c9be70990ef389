// pure
import type { MachineFacts } from '../../host/machine/machine-facts.js';
import type { FileSystem } from '../../host/machine/machine-files.js';
import type { Memory, Throttled, Throttling, Wear, Zone } from '../../host/machine/readings.js';
import { type Checked, type Finding, ok, problem, warning } from '../finding.js';

const MEGABYTE = 1024 * 1024;
/** The journal alone keeps up to some hundred megabytes. */
const DISK_FEW_BYTES = 500 * MEGABYTE;
const DISK_LACKS_BYTES = 100 * MEGABYTE;
/** What gate and eye need beside what runs already; beside a gate that runs, what one more enrolment needs. */
const MEMORY_TO_START_BYTES = 400 * MEGABYTE;
const MEMORY_TO_GO_ON_BYTES = 100 * MEGABYTE;
/** Where the kernel does not say at which temperature it slows the machine down, or switches it off. */
const HOT_CELSIUS = 80;
const ENDS_CELSIUS = 100;
/** So shortly before the end it is a problem. */
const NEAR_THE_END_CELSIUS = 5;

/** All that the machine tells of itself. @param folder the state folder @param running whether a gate runs on it now */
export function judgeMachine(facts: MachineFacts, folder: string, running: boolean): Checked {
  const { model, memory, zones, throttling, disk, wear } = facts;
  const hottest = zones.toSorted((a, b) => b.celsius - a.celsius)[0];
  const found = [
    judgeDisk(disk, folder),
    judgeWear(wear),
    judgeMemory(memory, running),
    judgeHeat(hottest),
    judgeThrottling(throttling),
  ];
  return {
    findings: [...(model === undefined ? [] : [ok('machine', model)]), ...found.flatMap((finding) => finding ?? [])],
    numbers: {
      ...(disk && { diskFreeBytes: disk.freeBytes, diskTotalBytes: disk.totalBytes }),
      ...(wear?.usedPercent !== undefined && { diskLifeUsedPercent: wear.usedPercent }),
      ...(memory && { memoryAvailableBytes: memory.availableBytes, memoryTotalBytes: memory.totalBytes }),
      ...(hottest && { temperatureCelsius: hottest.celsius }),
      ...(throttling && { throttledNow: throttling.now.length }),
    },
  };
}

export function judgeDisk(disk: FileSystem | undefined, folder: string): Finding {
  if (disk === undefined) return problem('disk', `the disk of ${folder} cannot be asked how much is free`);
  const text = `${megabytes(disk.freeBytes)} are free for ${folder}`;
  const advice = `free some of the disk, at least ${megabytes(DISK_FEW_BYTES)} are wanted; journal.maxMegabytes bounds the journal`;
  if (disk.freeBytes < DISK_LACKS_BYTES) return problem('disk', text, advice);
  return disk.freeBytes < DISK_FEW_BYTES ? warning('disk', text, advice) : ok('disk', text);
}

export function judgeWear(wear: Wear | undefined): Finding | undefined {
  if (wear === undefined) return undefined;
  const used = wear.usedPercent === undefined ? '' : `at most ${wear.usedPercent} % of its life used`;
  const spares = wear.spares === undefined ? '' : `spare blocks ${wear.spares.replaceAll('-', ' ')}`;
  const text = `flash: ${[used, spares].filter((part) => part !== '').join(', ')}`;
  const percent = wear.usedPercent ?? 0;
  if (percent > 90 || wear.spares === 'nearly-all-used')
    return problem('wear', text, 'replace the disk now: it may turn read-only any day');
  if (percent > 70 || wear.spares === 'most-used') return warning('wear', text, 'have a new disk ready');
  return ok('wear', text);
}

export function judgeMemory(memory: Memory | undefined, running: boolean): Finding | undefined {
  if (memory === undefined) return undefined;
  const text = `${megabytes(memory.availableBytes)} of ${megabytes(memory.totalBytes)} are available`;
  const wanted = running ? MEMORY_TO_GO_ON_BYTES : MEMORY_TO_START_BYTES;
  if (memory.availableBytes >= wanted) return ok('memory', text);
  return warning('memory', text, `end other programs: at least ${megabytes(wanted)} are wanted`);
}

export function judgeHeat(zone: Zone | undefined): Finding | undefined {
  if (zone === undefined) return undefined;
  const text = `${zone.celsius.toFixed(0)} °C (${zone.name})`;
  const advice = 'cool it: a heat sink or a fan, and out of the sun';
  if (zone.celsius >= (zone.endsAt ?? ENDS_CELSIUS) - NEAR_THE_END_CELSIUS)
    return problem('temperature', `${text}, and it switches itself off at ${zone.endsAt ?? ENDS_CELSIUS} °C`, advice);
  if (zone.celsius >= (zone.slowsAt ?? HOT_CELSIUS))
    return warning('temperature', `${text}: it is slowed down`, advice);
  return ok('temperature', text);
}

const THROTTLED_TEXTS: Readonly<Record<Throttled, string>> = {
  'under-voltage': 'too little voltage',
  'frequency-capped': 'a capped frequency',
  throttled: 'throttling',
  'soft-temperature-limit': 'the soft limit of temperature',
};

export function judgeThrottling(throttling: Throttling | undefined): Finding | undefined {
  if (throttling === undefined) return undefined;
  const say = (states: readonly Throttled[]) => states.map((state) => THROTTLED_TEXTS[state]).join(', ');
  const { now, sinceStart } = throttling;
  const advice = [...now, ...sinceStart].includes('under-voltage')
    ? 'use the power supply that is made for this board, and a short cable'
    : 'cool the board';
  if (now.includes('under-voltage')) return problem('throttling', `now: ${say(now)}`, advice);
  if (now.length > 0) return warning('throttling', `now: ${say(now)}`, advice);
  if (sinceStart.length > 0)
    return warning('throttling', `not now, but since the machine was switched on: ${say(sinceStart)}`, advice);
  return ok('throttling', 'none since the machine was switched on');
}

const megabytes = (bytes: number): string => `${Math.floor(bytes / MEGABYTE)} MB`;
