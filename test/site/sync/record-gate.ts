import { silentLog } from '../../../src/kit/log.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import type { EventFields } from '../../../src/site/messages.js';
import { type PeopleRules, peopleRecords } from '../../../src/site/sync/people-records.js';
import { RecordSync } from '../../../src/site/sync/record-sync.js';
import { parseTopic, topicsOf } from '../../../src/site/topics.js';
import type { MemoryBroker } from '../../support/memory-link.js';
import { until } from '../until.js';
import { MemoryPeople } from './memory-people.js';

/** A gate that shares its people over a broker in memory; `published`: ids of the records that it sent, `cleared` behind those it cleared. */
export function recordGate(
  broker: MemoryBroker,
  name: string,
  people = new MemoryPeople(),
  rules: Partial<PeopleRules> = {},
) {
  const link = broker.link();
  const names = { site: 'home', gate: name };
  const rejected: EventFields[] = [];
  const published: string[] = [];
  const publish = link.publish.bind(link);
  link.publish = (topic, payload, options) => {
    if (options.retain) published.push(`${topic.split('/').at(-1)}${payload.length === 0 ? ' cleared' : ''}`);
    return publish(topic, payload, options);
  };
  const sync = new RecordSync({
    link,
    records: peopleRecords(people, topicsOf(names), { ...people.rules, ...rules }),
    marker: topicsOf(names).sync,
    clock: systemClock,
    log: silentLog,
    onRejected: (fields) => rejected.push(fields),
    onProblem: () => undefined,
  });
  link.onMessage(({ topic, payload }) => {
    const parsed = parseTopic(names, topic);
    if (parsed?.kind === 'person') sync.receive(parsed.id, payload);
    if (parsed?.kind === 'sync') sync.receiveMarker(payload);
  });
  link.onUp(() => sync.up());
  link.onDown(() => sync.down());
  link.start();
  return { people, link, sync, rejected, published };
}
export type RecordGate = ReturnType<typeof recordGate>;

export const settled = (one: RecordGate) => until('the gate was compared with the broker', () => one.sync.settled);
export const recordTopic = (id: string) => topicsOf({ site: 'home', gate: 'x' }).person(id);
export const recordAt = (broker: MemoryBroker, id: string): unknown => {
  const packet = broker.retained(recordTopic(id));
  return packet && JSON.parse(Buffer.from(packet.payload).toString());
};
export const keepAt = (broker: MemoryBroker, id: string, record: unknown) =>
  broker.route({ topic: recordTopic(id), payload: Buffer.from(JSON.stringify(record)), retain: true });
