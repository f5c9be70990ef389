import { beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../../../src/kit/log.js';
import { ManualClock } from '../../../../src/kit/manual-clock.js';
import { Neighbours } from '../../../../src/site/sync/neighbours/neighbours.js';
import { topicsOf } from '../../../../src/site/topics.js';
import { MemoryBroker, type MemoryLink } from '../../../support/memory-link.js';

const names = { site: 'home', gate: 'north' };
const topics = topicsOf(names);

let clock: ManualClock;
let link: MemoryLink;
let neighbours: Neighbours;
let problems: (string | undefined)[];
/** What was asked of the broker: `+ topic`, `- topic`. */
let asked: string[];
/** What the broker answers to one who subscribes, or no longer wants to hear. */
let answer: (what: '+' | '-') => Promise<void>;
let others: number;

beforeEach(async () => {
  clock = new ManualClock();
  link = new MemoryBroker(clock).link();
  [problems, asked, others] = [[], [], 40];
  answer = () => Promise.resolve();
  link.subscribe = (filters) => {
    asked.push(...filters.map((filter) => `+ ${filter}`));
    return answer('+');
  };
  link.unsubscribe = (filters) => {
    asked.push(...filters.map((filter) => `- ${filter}`));
    return answer('-');
  };
  neighbours = new Neighbours({
    names,
    topics,
    link,
    clock,
    log: silentLog,
    random: () => 0.5,
    peers: {
      known: () => new Map(Array.from({ length: others }, (_, i) => [`g${i}`, true])),
      listenTo: () => undefined,
    },
    onProblem: (text) => problems.push(text),
  });
});

async function minutes(count: number): Promise<void> {
  for (let i = 0; i < count * 60; i++) {
    clock.advance(1_000);
    await turn();
  }
}
const turn = () => new Promise((resolve) => setImmediate(resolve));
const looks = () => asked.filter((one) => one === `+ ${topics.peers[0]}`).length;

test('a gate of a large site looks at all when it comes, and about every quarter of an hour', async () => {
  neighbours.up();
  await minutes(1);
  expect([looks(), neighbours.all, neighbours.count]).toEqual([1, false, 40]);
  await minutes(16);
  expect(looks()).toBe(2);
});

test('after an outage that is longer than that not all gates look at all gates at once: each waits anew', async () => {
  neighbours.up();
  await minutes(1);
  neighbours.down();
  await minutes(40);
  asked = [];
  neighbours.up();
  await minutes(7);
  expect(looks()).toBe(0);
  expect(asked).toHaveLength(16);
  await minutes(10);
  expect(looks()).toBe(1);
});

test('a broker that refuses to let a gate hear those beside it is asked for these again, and not for all', async () => {
  neighbours.up();
  await minutes(1);
  neighbours.down();
  asked = [];
  answer = () => Promise.reject(new Error('not allowed'));
  neighbours.up();
  await minutes(3);
  expect(problems.at(-1)).toMatch(/^peers-unheard: .*not allowed/);
  expect(looks()).toBe(0);
  answer = () => Promise.resolve();
  await minutes(1);
  expect([problems.at(-1), neighbours.all]).toEqual([undefined, false]);
});

test('what the broker says of an earlier connection sets no timer on this one', async () => {
  let subscribed: () => void = () => undefined;
  answer = () =>
    new Promise((resolve) => {
      subscribed = resolve;
    });
  neighbours.up();
  neighbours.down();
  subscribed();
  await minutes(1);
  expect([asked, neighbours.all, problems]).toEqual([topics.peers.map((topic) => `+ ${topic}`), true, []]);
});

test('where the broker does not let go, all are heard, and that is no problem; it is asked again after the next look', async () => {
  answer = (what) => (what === '-' ? Promise.reject(new Error('not allowed')) : Promise.resolve());
  neighbours.up();
  await minutes(3);
  expect(problems.filter((text) => text !== undefined)).toEqual([]);
  expect([looks(), neighbours.all]).toEqual([1, false]);
  answer = () => Promise.resolve();
  asked = [];
  await minutes(15);
  expect(asked.slice(-2)).toEqual(topics.peers.map((topic) => `- ${topic}`));
});

test('a site that has become small hears all again', async () => {
  neighbours.up();
  await minutes(1);
  others = 10;
  await minutes(16);
  expect(neighbours.all).toBe(true);
});
