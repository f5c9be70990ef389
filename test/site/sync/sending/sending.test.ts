import { expect, test } from 'vitest';
import { personText } from '../../../../src/store/record.js';
import { person, version } from '../memory-people.js';
import { lateBroker } from './late-broker.js';

const ALL = ['p0', 'p1', 'p2'];

test('after a change that failed and was then taken, everything else is sent again: a removal stands over an old record', async () => {
  const site = lateBroker(3);
  await site.seconds(3);
  const old = person('eve', version(10));
  site.people.put(old);
  await site.seconds(3);
  site.people.remove('eve', version(11));
  await site.seconds(3);
  site.takes = () => false;
  site.people.put(person('ada', version(20)));
  // Just before the change is sent again; what sends the others again has been put off by then.
  await site.seconds(4.9);
  site.takes = () => true;
  await site.seconds(20);
  expect(site.problems.at(-1)).toBeUndefined();
  site.broker.route({ topic: site.topics.person('eve'), payload: Buffer.from(personText(old)), retain: true });
  await site.seconds(20);
  expect(site.broker.retained(site.topics.person('eve'))?.payload.toString()).toContain('"removed":true');
  const before = site.sent.length;
  const repaired = site.sync.repair(ALL);
  await site.seconds(5);
  await repaired;
  expect(site.sent.slice(before)).toEqual(ALL);
  site.sync.stop();
});

test.each(['is taken by the broker after all', 'is sent by another gate'])(
  'a record that %s is no problem any more',
  async () => {
    const site = lateBroker(1);
    site.takes = () => false;
    await site.seconds(2);
    expect(site.problems.at(-1)).toBe('people-not-shared: it is late');
    site.keep('p0');
    await site.seconds(10);
    expect(site.problems.at(-1)).toBeUndefined();
    site.sync.stop();
  },
);

test('what another connection could not send is no problem of this one, once all was compared', async () => {
  const site = lateBroker(1);
  site.takes = () => false;
  await site.seconds(2);
  site.keep('p0');
  site.link.lose('cut', false);
  site.link.find();
  await site.seconds(3);
  expect(site.problems.at(-1)).toBeUndefined();
  // One that hangs, and fails when the broker is long another one.
  site.takes = () => undefined;
  site.people.put(person('ada', version(20)));
  await site.seconds(1);
  site.takes = () => true;
  site.link.lose('cut', false);
  site.link.find();
  await site.seconds(120);
  expect(site.sent).toContain('ada');
  expect(site.problems.at(-1)).toBeUndefined();
  site.sync.stop();
});

test('records that the broker never takes hold up no other', async () => {
  const site = lateBroker(300);
  site.takes = (id) => !id.endsWith('5');
  await site.seconds(20);
  expect(site.sent).toHaveLength(270);
  expect(site.problems.at(-1)).toMatch(/^people-not-shared/);
  site.sync.stop();
});
