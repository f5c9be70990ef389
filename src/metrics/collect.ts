import type { DoorKeeper } from '../door/door-keeper.js';
import type { EyeSupervisor } from '../eye/supervisor.js';
import type { JournalWriter } from '../journal/writer.js';
import type { Log } from '../kit/log.js';
import type { GateState } from '../report/status.js';
import type { Outbox } from '../site/outbox.js';
import { known, LABEL_VALUES } from './catalogue.js';
import type { Instruments } from './instruments.js';
import type { WatchedFacts } from './machine-watch.js';
import type { PeopleFigures } from './people-figures.js';

/** Parts of the gate that are asked at each scrape. */
export interface MetricSources {
  readonly state: () => GateState;
  readonly door: { readonly keeper: Pick<DoorKeeper, 'door'> };
  readonly eye: Pick<EyeSupervisor, 'status' | 'blindMs'>;
  readonly journal: Pick<JournalWriter, 'head' | 'fault'>;
  readonly people: { readonly fault: unknown };
  /** undefined: there is no broker. */
  readonly uplink:
    | { readonly link: { readonly up: boolean }; readonly outbox: Pick<Outbox, 'size' | 'lostTotal'> }
    | undefined;
  readonly trustedClock: { readonly trusted: boolean };
  readonly log: Pick<Log, 'lostTotal'>;
}

/** Sets what is asked of the gate's parts. */
export function collectGate(metrics: Instruments, sources: MetricSources, people: PeopleFigures): void {
  const { door, eye, journal, uplink, trustedClock, log } = sources;
  const state = sources.state();
  metrics.set('kaimon_online', state.status === 'online');
  metrics.set('kaimon_problems', state.problems.length);
  metrics.set('kaimon_warnings', state.warnings.length);
  for (const one of LABEL_VALUES.state)
    metrics.set('kaimon_door_state', known('state', state.door.state) === one, { state: one });
  for (const one of LABEL_VALUES.mode)
    metrics.set('kaimon_door_mode', known('mode', state.door.mode) === one, { mode: one });
  const { alarm, tampered, fire, fault } = door.keeper.door;
  const alarms = {
    held: alarm?.kind === 'held',
    forced: alarm?.kind === 'forced',
    tamper: tampered,
    fire,
    fault: fault !== null,
  };
  for (const [name, is] of Object.entries(alarms)) metrics.set('kaimon_door_alarm', is, { alarm: name });
  metrics.set('kaimon_eye_up', eye.status.state === 'up');
  metrics.setCounter('kaimon_eye_restarts_total', eye.status.restarts);
  metrics.set('kaimon_camera_live', eye.status.camera.state === 'live');
  metrics.set('kaimon_blind_seconds', eye.blindMs / 1000);
  metrics.set('kaimon_people', people.count);
  metrics.set('kaimon_templates', people.templates);
  metrics.set('kaimon_people_revision_timestamp_seconds', people.revisionMs / 1000);
  metrics.set('kaimon_people_unsaved', sources.people.fault !== undefined);
  metrics.setCounter('kaimon_journal_entries_total', journal.head?.n ?? 0);
  metrics.set('kaimon_journal_unwritten', journal.fault !== undefined);
  metrics.set('kaimon_broker_connected', uplink?.link.up);
  metrics.set('kaimon_outbox_events', uplink?.outbox.size);
  metrics.setCounter('kaimon_outbox_lost_total', uplink?.outbox.lostTotal ?? 0);
  metrics.setCounter('kaimon_log_lines_lost_total', log.lostTotal?.() ?? 0);
  metrics.set('kaimon_clock_trusted', trustedClock.trusted);
  metrics.set('kaimon_process_resident_memory_bytes', eye.status.rssBytes ?? undefined, { process: 'eye' });
}

/** Sets what the machine tells; what it does not tell is not shown. */
export function collectMachine(metrics: Instruments, facts: WatchedFacts | undefined): void {
  metrics.set('kaimon_disk_free_bytes', facts?.disk?.freeBytes);
  metrics.set('kaimon_disk_size_bytes', facts?.disk?.totalBytes);
  const used = facts?.wear?.usedPercent;
  metrics.set('kaimon_disk_life_used_ratio', used === undefined ? undefined : used / 100);
  metrics.set('kaimon_memory_available_bytes', facts?.memory?.availableBytes);
  metrics.set('kaimon_memory_size_bytes', facts?.memory?.totalBytes);
  metrics.set('kaimon_journal_bytes', facts?.journalBytes);
  metrics.clear('kaimon_temperature_celsius');
  for (const { name, celsius } of facts?.zones ?? [])
    metrics.set('kaimon_temperature_celsius', celsius, { zone: name });
  for (const kind of LABEL_VALUES.kind)
    metrics.set('kaimon_throttled', facts?.throttling?.now.includes(kind), { kind });
}
