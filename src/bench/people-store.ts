import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '../kit/log.js';
import { Vault } from '../kit/sealing/vault.js';
import { systemClock } from '../kit/system-clock.js';
import type { Person } from '../person/person.js';
import type { PeopleDocument } from '../store/people-document.js';
import { PeopleFileAdapter } from '../store/people-file.js';
import { PeopleStore } from '../store/people-store.js';
import { madeUpPerson, type TemplateShape } from './made-up-person.js';

export interface PeopleBenchOptions extends Omit<TemplateShape, 'encoder'> {
  readonly people: number;
  /** An empty folder for the file; what is in it is left there. */
  readonly folder: string;
  /** How it is kept. Default: plain. */
  readonly vault?: Vault;
}

/** CPU = user + system time of this process. */
export interface PeopleBenchFigures extends Omit<PeopleBenchOptions, 'folder' | 'vault'> {
  readonly sealed: boolean;
  readonly fileMegabytes: number;
  readonly loadCpuMs: number;
  readonly loadMs: number;
  readonly loadLongestBlockMs: number;
  /** One person added, up to the acknowledgement. */
  readonly writeCpuMs: number;
  readonly writeMs: number;
  readonly writeLongestBlockMs: number;
}

const ENCODER = 'bench@000000000000';

/** Times loading a store of made-up people and adding one person to it. */
export async function benchPeopleStore(options: PeopleBenchOptions): Promise<PeopleBenchFigures> {
  const { people, templates, dimension, folder, vault = Vault.plain() } = options;
  const file = join(folder, 'people.json');
  const log = silentLog;
  await new PeopleFileAdapter({ file, vault, clock: systemClock, log }).write(document(options));
  const loading = await measure(() =>
    PeopleStore.open({ file, encoder: ENCODER, gate: 'bench', vault, clock: systemClock, log }),
  );
  const store = loading.result;
  const { version: _given, ...newcomer } = madeUpPerson('newcomer', { ...options, encoder: ENCODER });
  const writing = await measure(() => store.put(newcomer));
  await store.close();
  return {
    sealed: vault.seals,
    people,
    templates,
    dimension,
    fileMegabytes: (await fs.stat(file)).size / 1e6,
    loadCpuMs: loading.cpuMs,
    loadMs: loading.wallMs,
    loadLongestBlockMs: loading.longestBlockMs,
    writeCpuMs: writing.cpuMs,
    writeMs: writing.wallMs,
    writeLongestBlockMs: writing.longestBlockMs,
  };
}

function document(options: PeopleBenchOptions): PeopleDocument {
  const people = new Map<string, Person>();
  for (let i = 0; i < options.people; i++) people.set(`p${i}`, madeUpPerson(`p${i}`, { ...options, encoder: ENCODER }));
  return { encoder: ENCODER, people, removed: new Map() };
}

/** Runs `act` beside a loop that notes the longest time in which the event loop did not come round. */
async function measure<T>(act: () => Promise<T>) {
  let longestBlockMs = 0;
  let turning = true;
  let last = performance.now();
  const turn = () => {
    const now = performance.now();
    longestBlockMs = Math.max(longestBlockMs, now - last);
    last = now;
    // A timer, not setImmediate: the loop's own CPU time must not count.
    if (turning) setTimeout(turn, 1);
  };
  setTimeout(turn, 1);
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const result = await act();
  turning = false;
  const { user, system } = process.cpuUsage(cpu);
  return { result, cpuMs: (user + system) / 1000, wallMs: performance.now() - begin, longestBlockMs };
}
