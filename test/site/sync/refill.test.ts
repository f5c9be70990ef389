import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/kit/system-clock.js';
import { CountedLink, Traffic } from '../../rig/site-sim/traffic.js';
import { configFor, gateOver, mqttLink } from '../harness.js';
import { startMosquitto } from '../mosquitto.js';
import { until } from '../until.js';
import { MemoryPeople, person, version } from './memory-people.js';

const GATES = 12;
const PEOPLE = 1_000;

test('where many gates fill a broker that has lost its store, each record is sent by few of them', async () => {
  const mosquitto = await startMosquitto();
  onTestFinished(() => mosquitto.stop());
  const traffic = new Traffic();
  const gates = Array.from({ length: GATES }, (_, i) => {
    const people = new MemoryPeople();
    for (let n = 0; n < PEOPLE; n++) people.put(person(`p-${n}`, version(n)));
    const link = new CountedLink(mqttLink(configFor(mosquitto.url), `g${i}`), traffic);
    return gateOver(link, `g${i}`, {}, undefined, systemClock, { people });
  });
  const heard = () => traffic.received.get('person')?.messages ?? 0;
  onTestFinished(async () => {
    await Promise.all(gates.map((gate) => gate.stop()));
  });
  await until('every gate has heard of everybody', () => heard() >= GATES * PEOPLE, 60);
  await until('nothing is sent any more', () => Date.now() - traffic.lastMs > 500, 60);
  expect(traffic.sent.get('person')?.messages).toBeLessThan((GATES * PEOPLE) / 2);
}, 90_000);
