import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultConfig } from '../../../src/config/config.js';
import { HOME_ASSISTANT_COMMANDS } from '../../../src/config/sections/home-assistant.js';
import { deviceName } from '../../../src/site/home-assistant/components.js';
import { discoveryMessage } from '../../../src/site/home-assistant/discovery.js';
import { type Options, optionsOf } from '../../../src/site/home-assistant/options.js';
import { homeAssistantTopics } from '../../../src/site/home-assistant/topics.js';
import { given } from '../../config/given.js';
import { open, shy } from './harness.js';

const name = fc.stringMatching(/^[a-z0-9_-]{1,32}$/);
const options: fc.Arbitrary<Options> = fc.record({
  device: fc.record({ prefix: fc.constantFrom('homeassistant', 'ha/test'), site: name, gate: name }),
  version: fc.constant('1.2.3'),
  names: fc.boolean(),
  commands: fc.subarray([...HOME_ASSISTANT_COMMANDS]),
  picture: fc.constantFrom('none' as const, 'without-faces' as const, 'whole' as const),
  wires: fc.record({ contact: fc.boolean(), tamper: fc.boolean(), fire: fc.boolean() }),
});
const offered = (message: ReturnType<typeof discoveryMessage>) =>
  Object.entries(message.cmps).filter(([, component]) => Object.keys(component).length > 1);
const places = (changes: Partial<Options>) => offered(discoveryMessage({ ...shy, ...changes })).map(([place]) => place);

describe('the discovery message', () => {
  test('has at its root and of its device only what every Home Assistant from 2025.4 on knows', () => {
    fc.assert(
      fc.property(options, (any) => {
        const message = discoveryMessage(any);
        expect(Object.keys(message).sort()).toEqual(['avty', 'avty_mode', 'cmps', 'dev', 'o']);
        expect(Object.keys(message.dev).sort()).toEqual(['ids', 'mdl', 'mf', 'name', 'sw']);
      }),
    );
  });

  test('names the same entities always, so that one which is no more offered goes', () => {
    const all = Object.keys(discoveryMessage(open).cmps);
    fc.assert(
      fc.property(options, (any) => {
        expect(Object.keys(discoveryMessage(any).cmps)).toEqual(all);
      }),
    );
    for (const [place, component] of Object.entries(discoveryMessage(shy).cmps))
      expect(component.p).toBe(discoveryMessage(open).cmps[place]?.p);
  });

  test('gives each entity an id of its own, and topics of its own gate', () => {
    fc.assert(
      fc.property(options, (any) => {
        const entities = offered(discoveryMessage(any)).map(([, component]) => component);
        const ids = entities.map((component) => component['uniq_id']);
        expect(new Set(ids).size).toBe(ids.length);
        const { site, gate } = any.device;
        for (const entity of entities) {
          expect(entity['~']).toBe(`kaimon/${site}/gates/${gate}`);
          for (const [key, value] of Object.entries(entity))
            if (/_t$/.test(key)) expect(String(value)).toMatch(/^~\/(state|home-assistant\/[a-z]+)$/);
          // Optimistic otherwise: Home Assistant would believe its own commands.
          if (entity.p === 'lock') expect(entity['stat_t']).toBeDefined();
          expect(entity['def_ent_id']).toMatch(new RegExp(`^${entity.p}\\.[a-z0-9_]+$`));
        }
      }),
    );
  });

  test('is another one for another gate, also where names run together', () => {
    fc.assert(
      fc.property(name, name, name, name, (site, gate, otherSite, otherGate) => {
        fc.pre(site !== otherSite || gate !== otherGate);
        const one = { ...open, device: { ...open.device, site, gate } };
        const other = { ...open, device: { ...open.device, site: otherSite, gate: otherGate } };
        expect(homeAssistantTopics(one.device).config).not.toBe(homeAssistantTopics(other.device).config);
        expect(discoveryMessage(one).dev['ids']).not.toEqual(discoveryMessage(other).dev['ids']);
      }),
    );
    const device = (site: string, gate: string) => ({ prefix: 'x', site, gate });
    expect(homeAssistantTopics(device('a-b', 'c')).config).not.toBe(homeAssistantTopics(device('a', 'b-c')).config);
  });

  test('asks for nothing where nothing may be asked for', () => {
    fc.assert(
      fc.property(options, (any) => {
        const text = JSON.stringify(discoveryMessage({ ...any, commands: [], picture: 'none' }));
        expect(text).not.toMatch(/cmd_t|pl_lock|pl_prs|home-assistant\/command/);
      }),
    );
    expect(places({})).not.toContain('lock');
    expect(places({})).toContain('bolt');
    expect(places({ commands: ['lock'] })).not.toContain('bolt');
  });

  test('lets "unlock" mean one pulse where only that is offered', () => {
    const lock = (commands: Options['commands']) => discoveryMessage({ ...shy, commands }).cmps['lock'];
    expect(lock(['open'])).toMatchObject({ pl_unlk: 'OPEN', pl_open: 'OPEN' });
    expect(lock(['open', 'unlock'])).toMatchObject({ pl_unlk: 'UNLOCK', pl_open: 'OPEN' });
    expect(lock(['lock'])).not.toHaveProperty('pl_open');
  });

  test.each<[Partial<Options>, string[]]>([
    [{ wires: { contact: true, tamper: false, fire: false } }, ['door', 'forced', 'held']],
    [{ wires: { contact: false, tamper: true, fire: false } }, ['tamper']],
    [{ wires: { contact: false, tamper: false, fire: true } }, ['fire']],
    [{ names: true }, ['person']],
    [{ picture: 'whole' }, ['picture', 'take_picture', 'result']],
    [{ commands: ['open'] }, ['lock', 'let_in', 'result']],
    [{ commands: ['lock'] }, ['lock', 'lock_now', 'result']],
  ])('with %j has %j besides', (changes, more) => {
    const without = places({});
    expect(places(changes).filter((place) => !without.includes(place))).toEqual(more);
  });

  test('names entities so that ids come out the same where Home Assistant makes them from names', () => {
    const gate = { ...open, device: { ...open.device, site: 'head-office', gate: 'north_2' } };
    expect(deviceName(gate)).toBe('Kaimon head-office north_2');
    expect(discoveryMessage(gate).cmps['access']).toMatchObject({
      def_ent_id: 'event.kaimon_head_office_north_2_access',
    });
  });
});

test('without configuration nothing is offered that tells of persons or moves the door', () => {
  const { homeAssistant } = defaultConfig;
  expect(homeAssistant).toMatchObject({ enabled: false, names: false, commands: [], picture: 'none' });
  expect(optionsOf(defaultConfig, '0.1.0').wires).toEqual({ contact: false, tamper: false, fire: false });
});

test('inputs are shown where a line is wired', () => {
  const { config } = given('door: { kind: gpio, relay: { line: 17 }, contact: { line: 22 }, fire: { line: 27 } }');
  expect(optionsOf(config, '0.1.0').wires).toEqual({ contact: true, tamper: false, fire: true });
});
