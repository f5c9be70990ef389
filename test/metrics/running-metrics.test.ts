import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { DOOR_AT_START } from '../../src/door/door.js';
import { monotonicMs } from '../../src/kit/clock.js';
import { METRICS, type MetricRow } from '../../src/metrics/catalogue.js';
import { RunningMetrics } from '../../src/metrics/running-metrics.js';
import { freePort } from '../site/mosquitto.js';
import { until } from '../site/until.js';
import { ADA, gateParts } from './gate-parts.js';
import { samplesOf } from './samples.js';

const running: RunningMetrics[] = [];
afterEach(() => {
  for (const metrics of running.splice(0)) metrics.stop();
});

async function start(given: Parameters<typeof gateParts>[1] = {}) {
  const port = await freePort();
  const gate = gateParts(port, given);
  const metrics = new RunningMetrics(gate.opening, gate.parts);
  running.push(metrics);
  await metrics.start();
  const url = `http://127.0.0.1:${port}`;
  const text = async () => {
    // What was made for the scrape before is not given any more.
    gate.clock.advance(1_000);
    return (await fetch(`${url}/metrics`)).text();
  };
  const value = async (series: string) => samplesOf(await text()).get(series);
  return { ...gate, metrics, url, port, text, value };
}

const DECISION = {
  type: 'granted',
  reason: null,
  text: '',
  person: ADA,
  distance: 0.1,
  threshold: 1,
  track: 1,
  frame: 1,
  afterMs: 300,
  face: undefined,
} as const;

test('a scrape names every metric of the catalogue with its kind and no other', async () => {
  const { text } = await start();
  const kinds = [...(await text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => [name, kind]);
  expect(Object.fromEntries(kinds)).toEqual(
    Object.fromEntries(Object.entries(METRICS).map(([name, row]: [string, MetricRow]) => [name, row.kind])),
  );
});

test('what happens is counted by result and reason, and no person is in it', async () => {
  const { reporter, text } = await start();
  reporter.decision(DECISION);
  reporter.decision(DECISION);
  reporter.decision({ ...DECISION, type: 'refused', reason: 'expired' });
  reporter.decision({ ...DECISION, type: 'refused', reason: `never heard of: ${ADA.id}` });
  reporter.spoof({ track: 1, frame: 1, box: { x: 0, y: 0, width: 1, height: 1 }, person: ADA } as never);
  reporter.enrolled(ADA, undefined);
  reporter.removed(ADA.id, 'office');
  reporter.passed(ADA, 'in');
  reporter.greeting({ text: 'Welcome Ada Lovelace', language: 'en' });
  reporter.doorRequested('open', 'Lovelace', 'for Ada', {}, true);
  reporter.door({ type: 'door', state: 'unlocked', mode: 'normal', cause: 'grant', token: 'ada-lovelace' });
  reporter.door({ type: 'exit' });
  const alarm = { openMs: 1, times: 1, level: 1 } as const;
  reporter.door({ type: 'forced', phase: 'begins', ...alarm });
  reporter.door({ type: 'forced', phase: 'goes-on', ...alarm });
  reporter.door({ type: 'held-open', phase: 'begins', ...alarm });
  reporter.door({ type: 'tamper', active: true });
  reporter.door({ type: 'tamper', active: false });
  const page = await text();
  const samples = samplesOf(page);
  expect(Object.fromEntries([...samples].filter(([series, n]) => /_total/.test(series) && n > 0))).toMatchObject({
    'kaimon_decisions_total{result="granted",reason="none"}': 2,
    'kaimon_decisions_total{result="refused",reason="expired"}': 1,
    'kaimon_decisions_total{result="refused",reason="other"}': 1,
    kaimon_spoofs_total: 1,
    kaimon_enrolments_total: 1,
    kaimon_removals_total: 1,
    'kaimon_passages_total{direction="in"}': 1,
    'kaimon_door_changes_total{state="unlocked",cause="grant"}': 1,
    kaimon_exit_button_total: 1,
    'kaimon_door_alarms_total{alarm="forced"}': 1,
    'kaimon_door_alarms_total{alarm="held"}': 1,
    'kaimon_door_alarms_total{alarm="tamper"}': 1,
  });
  expect(samples.get('kaimon_grant_seconds_sum')).toBe(0.6);
  expect(page).not.toMatch(/ada|lovelace/i);
});

test('an attack alarm lasts from its begin to its end', async () => {
  const { reporter, value } = await start();
  const alarm = { attempts: 3, person: undefined } as const;
  reporter.attackAlarm({ ...alarm, phase: 'begins' } as never, ADA);
  reporter.attackAlarm({ ...alarm, phase: 'goes-on' } as never, ADA);
  expect(await value('kaimon_attack_alarm')).toBe(1);
  expect(await value('kaimon_attack_alarms_total')).toBe(1);
  reporter.attackAlarm({ ...alarm, phase: 'ends' } as never, ADA);
  expect(await value('kaimon_attack_alarm')).toBe(0);
});

test('each scrape asks the gate how it is now', async () => {
  const { gate, value, text, enrol } = await start();
  const first = samplesOf(await text());
  expect(Object.fromEntries(first)).toMatchObject({
    kaimon_online: 1,
    'kaimon_door_state{state="locked"}': 1,
    kaimon_eye_up: 1,
    kaimon_eye_restarts_total: 2,
    kaimon_blind_seconds: 0.25,
    kaimon_people: 1,
    kaimon_templates: 1,
    kaimon_people_revision_timestamp_seconds: 1795522415.82,
    kaimon_people_unsaved: 0,
    kaimon_journal_entries_total: 17,
    kaimon_broker_connected: 1,
    kaimon_outbox_events: 3,
    kaimon_outbox_lost_total: 4,
    kaimon_log_lines_lost_total: 5,
    kaimon_clock_trusted: 1,
    'kaimon_process_resident_memory_bytes{process="eye"}': 1000,
  });
  gate.state = { ...gate.state, status: 'degraded', problems: ['a', 'b'], door: { mode: 'locked', state: 'held' } };
  gate.door = {
    ...DOOR_AT_START,
    alarm: { kind: 'held', times: 1, againMs: monotonicMs(1), level: 1, escalateAtMs: null },
  };
  gate.eye = { ...gate.eye, state: 'waiting', restarts: 3, rssBytes: null as never };
  gate.broker = undefined;
  gate.fault = 'the disk is full';
  enrol({ ...ADA, id: 'grace', templates: [...ADA.templates, ...ADA.templates], version: '1795522419000-0000-gate-1' });
  const second = samplesOf(await text());
  expect(Object.fromEntries(second)).toMatchObject({
    kaimon_online: 0,
    kaimon_problems: 2,
    'kaimon_door_state{state="held"}': 1,
    'kaimon_door_state{state="locked"}': 0,
    'kaimon_door_mode{mode="locked"}': 1,
    'kaimon_door_alarm{alarm="held"}': 1,
    kaimon_eye_up: 0,
    kaimon_eye_restarts_total: 3,
    kaimon_people: 2,
    kaimon_templates: 3,
    kaimon_people_revision_timestamp_seconds: 1795522419,
    kaimon_people_unsaved: 1,
  });
  expect(await value('kaimon_broker_connected')).toBeUndefined();
  expect(await value('kaimon_process_resident_memory_bytes{process="eye"}')).toBeUndefined();
});

test('frames are timed from the camera to the decision, and those who listened before go on listening', async () => {
  const { metrics, clock, text } = await start();
  const seen: number[] = [];
  const listeners = metrics.around({
    onObservation: ({ frame }) => {
      seen.push(frame);
      clock.advance(20);
    },
    onRepeats: () => undefined,
    onStatus: () => undefined,
  });
  clock.advance(1000);
  const frame = {
    kind: 'observation',
    frame: 1,
    takenMs: 800,
    measuredMs: 950,
    width: 1,
    height: 1,
    proposed: 0,
    encoder: '',
  } as const;
  listeners.onObservation({ ...frame, faces: [{} as never, {} as never] });
  listeners.onObservation({ ...frame, frame: 2, faces: [] });
  // Not measured, and not counted.
  listeners.onObservation({ ...frame, frame: 3, faces: [], followed: [] });
  expect(seen).toEqual([1, 2, 3]);
  const samples = samplesOf(await text());
  expect(samples.get('kaimon_frames_total')).toBe(2);
  expect(samples.get('kaimon_faces_total')).toBe(2);
  expect(samples.get('kaimon_frame_decision_seconds_sum')).toBeCloseTo(0.22);
  expect(samples.get('kaimon_frame_decision_seconds_bucket{le="0.2"}')).toBe(0);
  expect(samples.get('kaimon_frame_decision_seconds_bucket{le="0.3"}')).toBe(1);
  const stages = ['measure', 'hand-over', 'decide'].map((stage) =>
    samples.get(`kaimon_frame_stage_seconds_sum{stage="${stage}"}`),
  );
  expect(stages.map((seconds) => seconds?.toFixed(3))).toEqual(['0.150', '0.050', '0.020']);
});

test('an observation that cannot be counted reaches the gate all the same', async () => {
  const { metrics } = await start();
  let seen = 0;
  const listeners = metrics.around({
    onObservation: () => {
      seen++;
    },
    onRepeats: () => undefined,
    onStatus: () => undefined,
  });
  // takenMs that is no number makes the histogram throw.
  listeners.onObservation({ takenMs: 'soon', measuredMs: 0, faces: [{}] } as never);
  expect(seen).toBe(1);
});

test('there are two pages, and only to be read', async () => {
  const { url, gate } = await start();
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  gate.state = { ...gate.state, status: 'degraded' };
  const ill = await fetch(`${url}/healthz`);
  expect([ill.status, await ill.text()]).toEqual([503, 'degraded\n']);
  expect((await fetch(`${url}/`)).status).toBe(404);
  expect((await fetch(`${url}/metrics/../etc`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(405);
  expect((await fetch(`${url}/metrics`, { headers: { x: 'x'.repeat(10_000) } })).status).toBe(431);
});

test('of more connections than there is room for the rest is closed, and later ones are served again', async () => {
  const { url, port } = await start();
  const sockets = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'));
  let closed = 0;
  for (const socket of sockets) socket.on('error', () => undefined).on('close', () => closed++);
  await until('twelve of twenty were closed', () => closed >= 12);
  expect(closed).toBe(12);
  for (const socket of sockets) socket.destroy();
  await until('all are gone', () => closed === 20);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('a port that is in use keeps nobody from anything: the state says so until it is free', async () => {
  const port = await freePort();
  const other: Server = createServer();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  const { opening, parts, clock } = gateParts(port);
  const metrics = new RunningMetrics(opening, parts);
  running.push(metrics);
  await metrics.start();
  expect(metrics.port).toBeNull();
  expect(opening.warnings).toEqual([expect.stringMatching(/^metrics-off: .*EADDRINUSE/)]);
  await new Promise<void>((resolve) => other.close(() => resolve()));
  clock.advance(30_000);
  await until('it listens', () => metrics.port !== null);
  expect(opening.warnings).toEqual([]);
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
});

test('at the end nothing listens, and nobody is listened to', async () => {
  const { metrics, url, listeners } = await start();
  metrics.stop();
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  expect(listeners.size).toBe(0);
});
