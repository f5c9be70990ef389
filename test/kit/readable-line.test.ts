import { expect, test } from 'vitest';
import { readableLine } from '../../src/kit/readable-line.js';

const line = (level: number, fields: object) =>
  readableLine(JSON.stringify({ level, time: '2026-11-28T07:14:03.123Z', part: 'gate', ...fields }));

test.each([
  [
    'who was let in',
    line(30, {
      type: 'granted',
      reason: null,
      text: 'known and alive',
      track: 3,
      frame: 88,
      distance: 0.4,
      threshold: 1.1,
      afterMs: 700,
      person: { id: 'ada', name: 'Ada Lovelace' },
      msg: 'known and alive',
    }),
    '07:14:03 LET IN Ada Lovelace (ada)\n',
  ],
  [
    'who was not, and why',
    line(30, {
      type: 'refused',
      reason: 'nobody',
      text: 'this face belongs to nobody',
      person: null,
      msg: 'this face belongs to nobody',
    }),
    '07:14:03 not let in somebody: this face belongs to nobody\n',
  ],
  [
    'the id alone where names are not logged',
    line(30, { type: 'granted', person: { id: 'ada' }, msg: 'known' }),
    '07:14:03 LET IN ada\n',
  ],
  [
    'what happened at the door, with its facts',
    line(40, { phase: 'begins', openMs: 30000, msg: 'held-open' }),
    '07:14:03 warning: held-open  (phase begins, openMs 30000)\n',
  ],
  ['an error', line(50, { why: 'ENOSPC', msg: 'not saved' }), '07:14:03 ERROR not saved  (why ENOSPC)\n'],
  ['what is not JSON, as it is', readableLine('a line\n'), 'a line\n'],
])('a person can read %s', (_what, read, expected) => {
  expect(read).toBe(expected);
});

test('a name cannot give orders to the terminal', () => {
  expect(line(30, { type: 'granted', person: { id: 'eve', name: '\u001b[2Jgone' }, msg: '' })).not.toContain('\u001b');
});
