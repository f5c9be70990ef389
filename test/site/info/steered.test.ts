import { afterEach, beforeEach, expect, test } from 'vitest';
import { gateText } from '../../../src/keys/signed-text.js';
import { newSigningKey, type SigningKey } from '../../../src/keys/signing-key.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { topicsOf } from '../../../src/site/topics.js';
import { keyringOf, listOf, trusted } from '../../keys/sample.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { type Gate, gateOver } from '../harness.js';
import { MemoryPeople, person, version } from '../sync/memory-people.js';

// What somebody with every account of the broker and no key of the site can do to how gates compare and mend their people.

const keys = { north: newSigningKey().key, south: newSigningKey().key, guard: newSigningKey().key };
const LIST = listOf([
  trusted('north', keys.north, ['gate']),
  trusted('south', keys.south, ['gate'], { gates: ['south'] }),
  trusted('guard', keys.guard, ['open']),
]);

let clock: ManualClock;
let broker: MemoryBroker;
let gates: Gate[];
/** Records of people that were published since it was emptied. */
let sent: string[];
/** Whether what is published of "ada" does not reach south. */
let southMisses: boolean;
beforeEach(() => {
  clock = new ManualClock();
  broker = new MemoryBroker(clock);
  gates = [];
  sent = [];
  southMisses = false;
});
afterEach(() => Promise.all(gates.map(({ site }) => site.stop())));

function gate(name: 'north' | 'south'): Gate {
  const link = broker.link();
  const publish = link.publish.bind(link);
  link.publish = (topic, payload, options) => {
    if (topic.includes('/people/')) sent.push(topic.split('/').at(-1) ?? '');
    return publish(topic, payload, options);
  };
  const deliver = link.deliver.bind(link);
  link.deliver = (packet) => {
    if (name !== 'south' || !southMisses || !packet.topic.endsWith('/people/ada')) deliver(packet);
  };
  const keyring = keyringOf(() => clock.wall());
  keyring.take(LIST);
  const own = {
    keyring,
    own: keys[name],
    seal: undefined,
    take: (list: unknown) => keyring.take(list),
    problems: [],
  };
  const people = new MemoryPeople(1e9, name);
  const made = gateOver(link, name, {}, undefined, clock, { people, keys: own });
  gates.push(made);
  return made;
}
async function seconds(count: number): Promise<void> {
  for (let i = 0; i < count * 10; i++) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
const topics = (name: string) => topicsOf({ site: 'home', gate: name });
const digestTopic = (name: string) => topics(name).digest(name);
const put = (topic: string, payload: object) =>
  broker.route({ topic, payload: Buffer.from(JSON.stringify(payload)), retain: true });
const at = (topic: string) => JSON.parse(Buffer.from(broker.retained(topic)?.payload ?? []).toString());
const infoOf = (name: string) => at(topics(name).info) as { people: { hash: string }; at: string; signature: string };
const problemsOf = (name: string) => (at(topics(name).state) as { problems: string[] }).problems.join('\n');
/** Another gate as an attacker describes it. */
function forge(name: string, people: object, more: object = {}): void {
  put(topics(name).state, { status: 'online' });
  put(topics(name).info, { version: '1', people, at: new Date(clock.wall()).toISOString(), ...more });
}
const signedAs = (name: string, key: SigningKey, info: object) => {
  const said = { version: '1', at: new Date(clock.wall()).toISOString(), key: key.id, ...info };
  return { ...said, signature: key.sign(gateText('home', name, 'info', said)) };
};

test('nobody without a key makes gates read and send records', async () => {
  const north = gate('north');
  for (let i = 0; i < 50; i++) north.people.put(person(`p${i}`, version(i)));
  await seconds(5);
  sent.length = 0;
  const others = { revision: '', count: 7, hash: 'ab'.repeat(8), buckets: 256 };
  for (let minute = 0; minute < 5; minute++) {
    forge('west', others);
    forge('east', others, { key: keys.south.id, signature: infoOf('north').signature });
    put(digestTopic('east'), { v: 1, hash: others.hash, buckets: '0'.repeat(4096) });
    put(topics('south').state, { status: 'online' });
    // A client's key is none of a gate, and one gate's key not another's.
    put(topics('south').info, signedAs('south', keys.guard, { people: others }));
    put(topics('mars').info, signedAs('mars', keys.south, { people: others }));
    await seconds(60);
  }
  expect(sent).toEqual([]);
  expect(problemsOf('north')).not.toContain('people-differ');
});

test('nobody without a key keeps gates from mending a difference', async () => {
  const [north, south] = [gate('north'), gate('south')];
  await seconds(3);
  southMisses = true;
  north.people.put(person('ada', version(1)));
  await seconds(3);
  southMisses = false;
  expect(south.people.get('ada')).toBeUndefined();
  // A name before all others, in both groups, and a digest that says that nothing is missing.
  for (let minute = 0; minute < 4; minute++) {
    forge('0', infoOf('north').people);
    forge('00', infoOf('south').people);
    put(topics('north').info, { ...infoOf('north'), people: infoOf('south').people });
    put(topics('south').state, { status: 'offline' });
    put(digestTopic('north'), at(digestTopic('south')));
    await seconds(60);
  }
  expect(south.people.get('ada')).toEqual(north.people.get('ada'));
});

test('what a gate said before is not its word any more, neither beside a newer one nor after it has gone', async () => {
  const [north, south] = [gate('north'), gate('south')];
  await seconds(3);
  const captured = infoOf('south');
  await seconds(90);
  north.people.put(person('ada', version(1)));
  south.people.put(person('bob', version(1)));
  await seconds(70);
  expect(infoOf('south').at > captured.at).toBe(true);
  sent.length = 0;
  for (let minute = 0; minute < 4; minute++) {
    put(topics('south').info, captured);
    await seconds(60);
  }
  const last = infoOf('south');
  await south.stop();
  await seconds(10);
  north.people.put(person('cyd', version(2)));
  await seconds(5);
  sent.length = 0;
  for (let minute = 0; minute < 12; minute++) {
    put(topics('south').state, { status: 'online' });
    put(topics('south').info, minute % 2 === 0 ? last : captured);
    await seconds(60);
  }
  // A gate that has just gone is there for some minutes; a digest that does not fit it costs nothing.
  expect(sent.filter((id) => id !== 'cyd')).toEqual([]);
  expect(problemsOf('north')).not.toContain('people-differ');
});

test('who copies the instance of a gate, which all can read, does not write in its place unnoticed', async () => {
  gate('north');
  await seconds(30);
  const { signature: _none, ...own } = infoOf('north');
  put(topics('north').info, { ...own, version: '9.9.9' });
  await seconds(70);
  expect(problemsOf('north')).toContain('info-forged');
  expect(infoOf('north')).toMatchObject({ version: '0.1.0', key: keys.north.id });
});

test('a second gate of this name is only who signs as one; whoever else writes there is told', async () => {
  gate('north');
  await seconds(30);
  put(topics('north').info, { ...infoOf('north'), instance: { machine: 'other', boot: 'other', connection: 1 } });
  await seconds(70);
  expect(problemsOf('north')).toContain('info-forged: somebody who has no key of this site writes on');
  expect(problemsOf('north')).not.toContain('name-twice');
  expect(infoOf('north')).toMatchObject({ key: keys.north.id, people: { count: 0 } });
  await seconds(600);
  expect(problemsOf('north')).not.toContain('info-forged');
  const people = infoOf('north').people;
  put(
    topics('north').info,
    signedAs('north', keys.north, { people, instance: { machine: 'other', boot: 'o', connection: 1 } }),
  );
  await seconds(2);
  expect(problemsOf('north')).toContain('name-twice');
});
