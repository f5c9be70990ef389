import { silentLog } from '../../../../src/kit/log.js';
import { ManualClock } from '../../../../src/kit/manual-clock.js';
import { peopleRecords } from '../../../../src/site/sync/people-records.js';
import { RecordSync } from '../../../../src/site/sync/record-sync.js';
import { topicsOf } from '../../../../src/site/topics.js';
import { MemoryBroker } from '../../../support/memory-link.js';
import { MemoryPeople, person, version } from '../memory-people.js';

/** A gate with `count` people over a broker that takes the records that it is told to take. */
export function lateBroker(count: number) {
  const clock = new ManualClock();
  const broker = new MemoryBroker(clock);
  const link = broker.link();
  const topics = topicsOf({ site: 'home', gate: 'north' });
  const people = new MemoryPeople(1e9, 'north');
  for (let i = 0; i < count; i++) people.put(person(`p${i}`, version(i)));
  const sent: string[] = [];
  const problems: (string | undefined)[] = [];
  const made = {
    broker,
    link,
    topics,
    people,
    /** Ids of the records that were taken. */
    sent,
    problems,
    /** Whether the record of an id is taken now; undefined: it is neither taken nor refused. */
    takes: (_id: string): boolean | undefined => true,
    async seconds(many: number): Promise<void> {
      for (let i = 0; i < many * 20; i++) {
        clock.advance(50);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
  const publish = link.publish.bind(link);
  link.publish = async (topic, payload, options) => {
    const id = topic.split('/').at(-1) ?? '';
    const isTaken = !topic.includes('/people/') || made.takes(id);
    // The link gives up after a minute.
    if (isTaken === undefined) await new Promise<void>((resolve) => clock.after(60_000, resolve));
    if (!isTaken) throw new Error('it is late');
    await publish(topic, payload, options);
    if (topic.includes('/people/')) sent.push(id);
  };
  const records = peopleRecords(people, topics, { now: () => clock.wall(), forgetMs: 1e15, holdsBack: () => false });
  const sync = new RecordSync({
    link,
    records,
    marker: topics.sync,
    clock,
    log: silentLog,
    onRejected: () => undefined,
    onProblem: (text) => problems.push(text),
  });
  link.onMessage(({ topic, payload }) => {
    if (topic === topics.sync) sync.receiveMarker(payload);
    else sync.receive(topic.split('/').at(-1) ?? '', payload);
  });
  link.onUp(() => sync.up());
  link.onDown(() => sync.down());
  link.start();
  /** Puts a record of this gate at the broker as another gate does. */
  const keep = (id: string) =>
    broker.route({ topic: records.topic(id), payload: Buffer.from(records.text(id) ?? ''), retain: true });
  return Object.assign(made, { sync, keep });
}
