import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startBroker } from '../../src/site/link/embedded-broker.js';
import { samplesOf } from '../metrics/samples.js';
import { freePort } from '../site/mosquitto.js';
import { discard, FACES, film, notReady, portrait, scratch, startGate } from './harness.js';

const promtool = spawnSync('promtool', ['--version']).status === 0;

test.skipIf(notReady)(
  `a gate at work tells Prometheus what it decided, and of nobody${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const [folder, broker, port] = [scratch(), await startBroker(), await freePort()];
    const path = join(folder, 'film');
    await film(path, [FACES.ada]);
    const config = { camera: { kind: 'replay', path }, metrics: { enabled: true, port } };
    const gate = await startGate(folder, broker.url, 'north', config);
    try {
      await gate.office.until(({ status }) => status === 'online');
      await gate.office.enroll('Ada Lovelace', await portrait(join(folder, 'ada.jpg'), FACES.ada));
      const { person } = await gate.until(({ type }) => type === 'granted');
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const samples = samplesOf(page);
      expect(samples.get('kaimon_decisions_total{result="granted",reason="none"}')).toBeGreaterThanOrEqual(1);
      expect(samples.get('kaimon_grant_seconds_count')).toBeGreaterThanOrEqual(1);
      expect(samples.get('kaimon_frame_decision_seconds_count')).toBeGreaterThanOrEqual(2);
      expect(samples.get('kaimon_door_changes_total{state="unlocked",cause="grant"}')).toBeGreaterThanOrEqual(1);
      expect(Object.fromEntries(samples)).toMatchObject({
        kaimon_people: 1,
        kaimon_templates: 1,
        kaimon_enrolments_total: 1,
        kaimon_broker_connected: 1,
        kaimon_eye_up: 1,
        kaimon_camera_live: 1,
        kaimon_eye_restarts_total: 0,
        kaimon_journal_unwritten: 0,
      });
      expect(samples.get('kaimon_disk_free_bytes')).toBeGreaterThan(0);
      expect(samples.get('kaimon_event_loop_delay_seconds_count')).toBeGreaterThan(0);
      expect(page).not.toContain(String(person));
      expect(page).not.toMatch(/lovelace/i);
      if (promtool) expect(spawnSync('promtool', ['check', 'metrics'], { input: page })).toMatchObject({ status: 0 });
      await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200));
    } finally {
      await gate.stop();
      await broker.close();
      discard(folder);
    }
  },
  90_000,
);
