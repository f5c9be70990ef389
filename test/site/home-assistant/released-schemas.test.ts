import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { DOOR_AT_START } from '../../../src/door/door.js';
import { wallMs } from '../../../src/kit/clock.js';
import { accessEvent } from '../../../src/site/home-assistant/access-event.js';
import { checkCommand } from '../../../src/site/home-assistant/command.js';
import { discoveryMessage } from '../../../src/site/home-assistant/discovery.js';
import { SeenCommands } from '../../../src/site/home-assistant/seen-commands.js';
import { stateDocument } from '../../../src/site/home-assistant/state.js';
import { gateStateTopic, homeAssistantTopics } from '../../../src/site/home-assistant/topics.js';
import { facts, open, shy } from './harness.js';

const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const folder = process.env['KAIMON_HOME_ASSISTANT'] ?? join(cache, 'kaimon', 'home-assistant');
const python = join(folder, 'venv', 'bin', 'python');
const versions = existsSync(python) ? readdirSync(folder).filter((name) => /^20\d\d\.\d+\.\d+$/.test(name)) : [];
const CHECK = fileURLToPath(new URL('check-discovery.py', import.meta.url));
const WHY = "Home Assistant's own schemas are not there: scripts/home-assistant-schemas";
if (versions.length === 0) process.stderr.write(`home-assistant: skipped: ${WHY}\n`);

interface Entity {
  readonly platform: string;
  readonly removed?: true;
  /** Keys that this version does not know. */
  readonly dropped?: readonly string[];
  readonly availability?: readonly string[];
  readonly values?: Readonly<Record<string, readonly string[]>>;
  readonly command?: string;
}
interface Report {
  readonly version: string;
  readonly rewritten: boolean;
  /** One list a message. */
  readonly problems: readonly (readonly string[])[];
  readonly devices: readonly Readonly<Record<string, Entity>>[];
}

/** What a released Home Assistant makes of discovery messages, and of payloads on topics. */
function report(version: string, discovery: readonly object[], values: readonly object[] = []): Promise<Report> {
  const child = spawn(python, [CHECK, join(folder, version)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 150_000,
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString();
  });
  child.stdin.end(JSON.stringify({ discovery: discovery.map((message) => JSON.stringify(message)), values }));
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out) as Report);
      else reject(new Error(`the check of Home Assistant ${version} ended with ${code}: ${err.slice(-2000)}`));
    });
  });
}

const topics = homeAssistantTopics(open.device);
const value = (topic: string, payload: object) => ({ topic, payload: JSON.stringify(payload) });
const access = (type: string) =>
  accessEvent(type, { reason: 'nobody', person: 'p-1', name: 'Ada' }, 'now', true)?.payload ?? {};

const last = { id: 'p-1', name: 'Ada', let: 'in' as const, at: 'now' };
const fault = { ...DOOR_AT_START, fault: 'no line', contact: 'open' as const };
const MADE = [open, shy, { ...open, commands: ['open' as const] }, { ...shy, commands: ['lock' as const] }].map(
  discoveryMessage,
);
/** As a daemon has published them over a real broker (daemon.test.ts). */
const CAPTURED = ['discovery-everything', 'discovery-default'].map(
  (name) =>
    JSON.parse(readFileSync(new URL(`../../fixtures/home-assistant/${name}.json`, import.meta.url), 'utf8')) as object,
);
const { access: entity, ...others } = discoveryMessage(open).cmps;
/** Each is rejected for one thing: a base topic at the root, no id, no types of an event, a mode that is none. */
const BAD = [
  { ...discoveryMessage(open), '~': 'kaimon' },
  { ...discoveryMessage(open), cmps: { ...others, access: { ...entity, uniq_id: undefined } } },
  { ...discoveryMessage(open), cmps: { ...others, access: { ...entity, evt_typ: undefined } } },
  { ...discoveryMessage(open), avty_mode: 'both' },
];
const GOOD = [...MADE, ...CAPTURED];
const VALUES = [
  ...['online', 'degraded', 'offline'].map((status) => value(gateStateTopic(open.device), { status })),
  value(topics.state, stateDocument({ ...facts, framesPerSecond: 12.34 }, last)),
  value(
    topics.state,
    stateDocument({ ...facts, door: fault, sees: false, degraded: true, problems: ['no "relay"'] }, undefined),
  ),
  ...['granted', 'refused', 'spoof'].map((type) => value(topics.access, access(type))),
  value(topics.result, { event_type: 'done', command: 'open' }),
  value(topics.result, { event_type: 'refused', command: null }),
];

// A file without any test would fail.
describe.skipIf(versions.length === 0).each(versions.length === 0 ? ['(skipped)'] : versions)(
  'Home Assistant %s, by its own code,',
  (version) => {
    let made: Report;
    beforeAll(async () => {
      made = await report(version, [...GOOD, ...BAD], VALUES);
    }, 160_000);
    const shown = (name: string, key = 'state_topic') => made.devices[0]?.[name]?.values?.[key];

    test('takes every message of a gate as it is, and rejects what is wrong', () => {
      expect(made.version).toBe(version);
      expect(made.problems.slice(0, GOOD.length)).toEqual(GOOD.map(() => []));
      expect(made.problems.slice(GOOD.length).map((problems) => problems.length)).toEqual(BAD.map(() => 1));
      const [all, some] = made.devices;
      expect(Object.keys(all ?? {})).toEqual(Object.keys(discoveryMessage(open).cmps));
      // Those that are not offered are taken out, not rejected.
      expect(some?.['lock']).toEqual({ platform: 'lock', removed: true });
      const unknown = Object.values(all ?? {}).flatMap(({ dropped = [] }) => dropped);
      const [year = 0, month = 0] = version.split('.').map(Number);
      // Only what came after it is unknown to an older one.
      if (year > 2026 || (year === 2026 && month >= 11)) expect(unknown).toEqual([]);
      else expect(['def_ent_id', 'msg_exp_int']).toEqual(expect.arrayContaining([...new Set(unknown)]));
    });

    test('reads of the payloads what they mean', () => {
      expect(shown('lock')).toEqual(['LOCKED', 'JAMMED']);
      expect(shown('door')).toEqual(['None', 'ON']);
      expect(shown('problem')).toEqual(['OFF', 'ON']);
      expect(JSON.parse(shown('problem', 'json_attributes_topic')?.[1] ?? '')).toEqual({ problems: ['no "relay"'] });
      expect(shown('connectivity')).toEqual(['ON', 'ON', 'OFF']);
      expect(shown('frames')).toEqual(['12.3', 'None']);
      expect(shown('person')).toEqual(['Ada', 'None']);
      expect(JSON.parse(shown('person', 'json_attributes_topic')?.[0] ?? '')).toMatchObject({
        person: 'p-1',
        let: 'in',
      });
    });

    test('needs both for an entity to be available: the gate at the broker, and its door or camera', () => {
      expect(shown('lock', 'availability')).toEqual(['online', 'online', 'offline', 'online', 'online']);
      expect(shown('access', 'availability')).toEqual(['online', 'online', 'offline', 'online', 'offline']);
      for (const [name, { removed, availability }] of Object.entries(made.devices[0] ?? {})) {
        const both = name === 'connectivity' ? [] : [gateStateTopic(open.device), topics.state];
        expect([name, availability]).toEqual([name, removed ? undefined : both]);
      }
    });

    test('makes commands that a gate takes', () => {
      const commands = Object.values(made.devices[0] ?? {}).flatMap(({ command }) => command ?? []);
      const at = Math.max(...commands.map((text) => (JSON.parse(text) as { at: number }).at));
      const time = { nowMs: wallMs(at * 1000), startedMs: wallMs(at * 1000 - 60_000), trusted: true };
      const offered = ['lock', 'unlock', 'open', 'picture'] as const;
      const now = { time, listeningMs: 60_000, offered, signedOnly: false, seen: new SeenCommands() };
      const checks = commands.map((text) => checkCommand({ payload: Buffer.from(text), retain: false }, now));
      expect(checks.map((check) => check.kind === 'accept' && check.command).sort()).toEqual([
        'lock',
        'open',
        'open',
        'picture',
      ]);
    });
  },
);
