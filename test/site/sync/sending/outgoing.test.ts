import { expect, test } from 'vitest';
import { Outgoing } from '../../../../src/site/sync/sending/outgoing.js';

/** Takes all that may be sent now. */
function taken(outgoing: Outgoing): string[] {
  const ids: string[] = [];
  for (let id = outgoing.next(); id !== undefined; id = outgoing.next()) ids.push(id);
  return ids;
}

const filled = (count: number) => {
  const outgoing = new Outgoing();
  for (let i = 0; i < count; i++) outgoing.add(`p${i}`, false);
  return outgoing;
};

test('a change made here overtakes what fills the broker, and is sent although much is on its way', () => {
  const outgoing = filled(100);
  expect(taken(outgoing)).toEqual(['p0', 'p1', 'p2', 'p3']);
  outgoing.add('ada', true);
  outgoing.add('p50', true);
  expect(taken(outgoing)).toEqual(['ada', 'p50']);
});

test('while the broker does not take records, only what somebody waits for is sent', () => {
  const outgoing = filled(100);
  outgoing.pause();
  outgoing.add('ada', true);
  expect(taken(outgoing)).toEqual(['ada']);
  outgoing.resume();
  expect(taken(outgoing)).toHaveLength(3);
});

test('with each record that is taken more are sent at one time, up to 64; another gate at the same work makes them fewer', () => {
  const outgoing = filled(1_000);
  let sending = taken(outgoing).length;
  for (let rounds = 0; rounds < 6; rounds++) {
    for (let i = 0; i < sending; i++) outgoing.sent(true);
    sending = taken(outgoing).length;
  }
  expect(sending).toBe(64);
  outgoing.heard('somebody-else');
  for (let i = 0; i < sending; i++) outgoing.skip();
  expect(taken(outgoing)).toHaveLength(64);
  for (let i = 0; i < 64; i++) outgoing.skip();
  outgoing.heard('p999');
  expect(taken(outgoing)).toHaveLength(32);
  for (let i = 0; i < 32; i++) outgoing.sent(false);
  expect(taken(outgoing)).toHaveLength(4);
});
