import { expect, test } from 'vitest';
import { GateClient } from '../../../src/cli/import/gate-client.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { MemoryBroker } from '../../support/memory-link.js';

const AT = 'kaimon/home/gates/north';
const PLAIN = { retain: false, qos: 1 } as const;
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A client of a gate that answers when the test wants it to. */
async function stage() {
  const clock = new ManualClock();
  const armed = new Set<object>();
  const arm = clock.after.bind(clock);
  clock.after = (ms, act) => {
    const timer = arm(ms, () => {
      armed.delete(timer);
      act();
    });
    armed.add(timer);
    return { cancel: () => armed.delete(timer) && timer.cancel() };
  };
  const broker = new MemoryBroker(clock);
  const [link, gate] = [broker.link(), broker.link()];
  const asked: string[] = [];
  const hear = () => void gate.subscribe([`${AT}/request/+`]);
  gate.onUp(hear);
  gate.onMessage(({ payload }) => asked.push((JSON.parse(Buffer.from(payload).toString()) as { id: string }).id));
  gate.start();
  await gate.publish(`${AT}/info`, JSON.stringify({ limits: { slowQueue: 256 } }), { retain: true, qos: 1 });
  const names = { site: 'home', gate: 'north', url: 'mqtt://broker' };
  const { client } = await GateClient.over(link, names, { by: 'cli:test', key: undefined }, clock);
  const ask = async () => {
    const answer = { of: undefined as unknown };
    void client.ask('ping', {}).then((said) => {
      answer.of = said?.ok ?? 'lost';
    });
    await settled();
    return answer;
  };
  const answer = (id = asked.at(-1)) =>
    gate.publish(`${AT}/response/${id}`, JSON.stringify({ v: 1, id, ok: true, result: {} }), PLAIN).then(settled);
  const advance = async (ms: number) => {
    clock.advance(ms);
    await settled();
  };
  return { armed, link, client, ask, answer, advance, asked };
}

test('a request that the broker has lost is given up 20 s after the broker is back, whatever else is answered', async () => {
  const { link, ask, answer, advance, client } = await stage();
  const lost = await ask();
  await advance(30_000);
  expect(lost.of).toBeUndefined();
  link.lose('cable');
  link.find();
  await settled();
  for (let second = 0; second < 18; second += 2) {
    await advance(2_000);
    const other = await ask();
    await answer();
    expect(other.of).toBe(true);
  }
  expect(lost.of).toBeUndefined();
  await advance(2_000);
  expect(lost.of).toBe('lost');
  await client.end();
});

test('one that is answered after an interruption is not given up, and what is sent later has its own time', async () => {
  const { link, ask, answer, advance, asked, client } = await stage();
  const early = await ask();
  link.lose('cable');
  link.find();
  await settled();
  await advance(10_000);
  const late = await ask();
  await answer(asked[0]);
  expect(early.of).toBe(true);
  await advance(100_000);
  expect(late.of).toBeUndefined();
  await advance(30_000);
  expect(late.of).toBe('lost');
  await client.end();
});

test('nothing is kept of a request that has ended: a clock has nothing left to do', async () => {
  const { armed, link, ask, answer, client } = await stage();
  await ask();
  link.lose('cable');
  link.find();
  await settled();
  await answer();
  expect(armed.size).toBe(0);
  await ask();
  link.lose('cable');
  link.find();
  await client.end();
  await settled();
  expect(armed.size).toBe(1);
});
