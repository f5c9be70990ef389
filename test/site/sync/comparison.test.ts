import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { topicsOf } from '../../../src/site/topics.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { gateOver } from '../harness.js';
import { MemoryPeople, person, version } from './memory-people.js';

test('a person of whom one gate missed a message is known there minutes later, and only a small part is sent again', async () => {
  const clock = new ManualClock();
  const broker = new MemoryBroker(clock);
  const [northLink, southLink] = [broker.link(), broker.link()];
  const sent: string[] = [];
  const publish = northLink.publish.bind(northLink);
  northLink.publish = (topic, payload, options) => {
    if (topic.includes('/people/')) sent.push(topic.split('/').at(-1) ?? '');
    return publish(topic, payload, options);
  };
  const deliver = southLink.deliver.bind(southLink);
  let misses = true;
  southLink.deliver = (packet) => {
    if (!misses || !packet.topic.endsWith('/people/ada')) deliver(packet);
  };
  const seconds = async (count: number) => {
    for (let i = 0; i < count * 20; i++) {
      clock.advance(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const north = gateOver(northLink, 'north', {}, undefined, clock, { people: new MemoryPeople(1e9, 'north') });
  const south = gateOver(southLink, 'south', {}, undefined, clock, { people: new MemoryPeople(1e9, 'south') });
  await seconds(3);
  for (let i = 0; i < 300; i++) north.people.put(person(`p${i}`, version(i)));
  north.people.put(person('ada', version(1)));
  await seconds(3);
  expect([north.people.size, south.people.size]).toEqual([301, 300]);
  misses = false;
  sent.length = 0;
  await seconds(190);
  expect(south.people.get('ada')).toEqual(north.people.get('ada'));
  expect(sent).toContain('ada');
  expect(sent.length).toBeLessThan(20);
  const digest = (gate: string) => broker.retained(topicsOf({ site: 'home', gate }).digest(gate))?.payload.toString();
  expect(digest('north')).toBe(digest('south'));
  await Promise.all([north.site.stop(), south.site.stop()]);
});
