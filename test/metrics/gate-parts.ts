import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, defaultConfig } from '../../src/config/config.js';
import { DOOR_AT_START } from '../../src/door/door.js';
import { journalOff } from '../../src/journal/writer.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import type { RunningMetricsParts } from '../../src/metrics/running-metrics.js';
import { NO_COUNTS } from '../../src/passback/passage-detection.js';
import type { Person } from '../../src/person/person.js';
import { JournalThenSite } from '../../src/report/journal-then-site.js';
import { Reporter } from '../../src/report/reporter.js';
import type { GateState } from '../../src/report/status.js';
import type { PeopleChange } from '../../src/store/people-options.js';

export const ADA: Person = {
  id: 'ada-lovelace',
  name: 'Ada Lovelace',
  language: null,
  greeting: null,
  groups: [],
  validFrom: null,
  validUntil: null,
  templates: [{ encoder: 'toy@000000000000', vector: 'AAAA', quality: 1, added: '2026-01-01T00:00:00.000Z' }],
  version: '1795522415820-0000-gate-1',
  by: 'test',
};

/** A gate of which only what metrics ask is there, and which a test can change. */
export function gateParts(port: number, metrics: Partial<Config['metrics']> = {}) {
  const clock = new ManualClock();
  const folder = mkdtempSync(join(tmpdir(), 'kaimon-metrics-'));
  const config: Config = { ...defaultConfig, metrics: { ...defaultConfig.metrics, enabled: true, port, ...metrics } };
  const reporter = new Reporter({
    log: silentLog,
    names: true,
    journalThenSite: new JournalThenSite(journalOff, () => undefined, silentLog),
    clock,
    publish: () => undefined,
  });
  const state: GateState = {
    status: 'online',
    door: { mode: 'normal', state: 'locked' },
    camera: 'live',
    eye: 'up',
    eyeConfinement: 'none',
    passages: NO_COUNTS,
    problems: [],
    warnings: [],
  };
  const people = new Map([[ADA.id, ADA]]);
  const listeners = new Set<(change: PeopleChange) => void>();
  const gate = {
    state,
    door: DOOR_AT_START,
    eye: {
      state: 'up',
      restarts: 2,
      lastFault: null,
      pid: 1,
      rssBytes: 1000,
      camera: { state: 'live', why: null },
      confinement: 'none',
    },
    blindMs: 250,
    broker: { link: { up: true }, outbox: { size: 3, lostTotal: 4 } } as RunningMetricsParts['uplink'],
    fault: undefined as unknown,
  };
  const parts: RunningMetricsParts = {
    state: () => gate.state,
    door: {
      keeper: {
        get door() {
          return gate.door;
        },
      },
    },
    eye: {
      get status() {
        return gate.eye as never;
      },
      get blindMs() {
        return gate.blindMs;
      },
    },
    journal: { head: { n: 17, hash: '' } as never, fault: undefined },
    people: {
      get fault() {
        return gate.fault;
      },
      get size() {
        return people.size;
      },
      all: () => people.values(),
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    get uplink() {
      return gate.broker;
    },
    trustedClock: { trusted: true },
    log: { lostTotal: () => 5 },
    models: { encoder: 'toy@000000000000' },
    reporter,
  };
  const enrol = (person: Person) => {
    people.set(person.id, person);
    for (const listener of listeners) listener({ id: person.id, person, origin: 'local' });
  };
  const paths = { state: folder, cache: folder, run: folder };
  const opening = { config, paths, clock, log: silentLog, vault: Vault.plain(), warnings: [] as string[] };
  return { gate, parts, opening, clock, reporter, enrol, listeners };
}
