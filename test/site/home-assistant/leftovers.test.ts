import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Endings } from '../../../src/kit/endings.js';
import { silentLog as log } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import { Leftovers } from '../../../src/site/home-assistant/leftovers.js';
import { DEVICES_MAX, openPublished, PublishedDevices } from '../../../src/site/home-assistant/published-file.js';
import { type Device, gateStateTopic, homeAssistantTopics } from '../../../src/site/home-assistant/topics.js';
import { tempFolder } from '../../store/sample.js';
import { MemoryBroker } from '../../support/memory-link.js';

const north: Device = { prefix: 'homeassistant', site: 'home', gate: 'north' };
const south: Device = { ...north, gate: 'south' };
const kept = { retain: true, qos: 1 } as const;
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** A broker where `devices` were published, and a gate that shows `device` now. */
async function withLeft(
  devices: readonly Device[],
  device: Device | undefined,
  others: Readonly<Record<string, string>> = {},
) {
  const clock = new ManualClock();
  const broker = new MemoryBroker(clock);
  const link = broker.link();
  const published = new PublishedDevices(devices, () => undefined);
  const gateState = gateStateTopic(device ?? north);
  const leftovers = new Leftovers({ link, clock, log, published, device, gateState });
  link.onMessage((packet) => leftovers.receive(packet));
  link.start();
  await settle();
  for (const one of devices) {
    const { config, state } = homeAssistantTopics(one);
    await link.publish(config, '{}', kept);
    await link.publish(state, '{}', kept);
    await link.publish(gateStateTopic(one), `{"status":"${others[one.gate] ?? 'offline'}"}`, kept);
  }
  leftovers.up();
  await settle();
  clock.advance(5_000);
  await settle();
  const there = (one: Device) => {
    const { config, state } = homeAssistantTopics(one);
    return [broker.retained(config), broker.retained(state)].map((packet) => packet !== undefined);
  };
  return { there, published };
}

describe('what is shown no more', () => {
  test('is taken out when Home Assistant is switched off', async () => {
    const { there, published } = await withLeft([north], undefined);
    expect([there(north), published.devices]).toEqual([[false, false], []]);
  });

  test('is taken out under the name that the gate had, and what is shown stays', async () => {
    const { there, published } = await withLeft([north, south], south);
    expect([there(north), there(south), published.devices]).toEqual([[false, false], [true, true], [south]]);
  });

  test('is taken out under the prefix that it had; the state is still in use', async () => {
    const old = { ...north, prefix: 'ha' };
    const { there, published } = await withLeft([old, north], north);
    expect([there(old), there(north), published.devices]).toEqual([[false, true], [true, true], [north]]);
  });

  test('is left where another gate at work has the old name now', async () => {
    const { there, published } = await withLeft([north, south], south, { north: 'degraded' });
    expect([there(north), published.devices]).toEqual([[true, true], [south]]);
  });
});

describe('home-assistant.json', () => {
  const opened = async (state: string) => {
    const endings = new Endings();
    const paths = { state, cache: state, run: state };
    return { published: await openPublished({ paths, clock: systemClock, log, endings, warnings: [] }), endings };
  };

  test('remembers what was published, over a restart', async () => {
    const state = await tempFolder();
    const first = await opened(state);
    first.published.add(north);
    first.published.add(south);
    first.published.add(north);
    first.published.remove(south);
    await first.endings.close();
    expect(JSON.parse(readFileSync(join(state, 'home-assistant.json'), 'utf8'))).toEqual({
      schema: 1,
      devices: [north],
    });
    const second = await opened(state);
    expect(second.published.devices).toEqual([north]);
    await second.endings.close();
  });

  test('is not made where nothing was ever published', async () => {
    const state = await tempFolder();
    const { endings } = await opened(state);
    await endings.close();
    expect(existsSync(join(state, 'home-assistant.json'))).toBe(false);
  });

  test('holds the newest of a gate that is renamed again and again', () => {
    const published = new PublishedDevices([], () => undefined);
    for (let i = 0; i < DEVICES_MAX + 5; i++) published.add({ ...north, gate: `gate-${i}` });
    expect(published.devices).toHaveLength(DEVICES_MAX);
    expect(published.devices.at(-1)?.gate).toBe(`gate-${DEVICES_MAX + 4}`);
  });
});
