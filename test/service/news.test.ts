import { expect, test } from 'vitest';
import type { Log } from '../../src/kit/log.js';
import type { Person } from '../../src/person/person.js';
import { Board } from '../../src/service/board.js';
import { type Decision, News } from '../../src/service/news.js';
import type { GateState } from '../../src/service/status.js';

const ADA: Person = {
  id: 'ada',
  name: 'Ada Lovelace',
  language: null,
  greeting: null,
  groups: [],
  validFrom: null,
  validUntil: null,
  templates: [],
  version: '1795522415820-0000-gate-1',
  by: 'test',
};
const GRANTED: Decision = {
  type: 'granted',
  reason: null,
  text: 'the door is opened',
  person: ADA,
  distance: 0.4,
  threshold: 1.2,
  track: 3,
  frame: 17,
  afterMs: 300,
  face: undefined,
};

function told(names: boolean) {
  const lines: string[] = [];
  const events: [string, unknown][] = [];
  const write = (...parts: unknown[]) => void lines.push(JSON.stringify(parts));
  const log = { debug: write, info: write, warn: write, error: write } as unknown as Log;
  return { lines, events, news: new News(log, names, (type, fields) => void events.push([type, fields])) };
}

test('without log.names no name stands in the log, neither of a decision nor of a greeting', () => {
  const { lines, news } = told(false);
  news.decision(GRANTED);
  news.greeting({ text: 'Welcome Ada Lovelace, have a nice day!', language: 'en' });
  expect(lines.join()).toContain('"id":"ada"');
  expect(lines.join()).not.toContain('Lovelace');
});

test('with log.names the log says who it was', () => {
  const { lines, news } = told(true);
  news.decision(GRANTED);
  expect(lines.join()).toContain('Ada Lovelace');
});

test('the site hears the same facts, with the person and no templates', () => {
  const { events, news } = told(false);
  news.decision(GRANTED);
  expect(events).toEqual([
    [
      'granted',
      {
        reason: null,
        text: 'the door is opened',
        distance: 0.4,
        threshold: 1.2,
        track: 3,
        frame: 17,
        afterMs: 300,
        person: 'ada',
        name: 'Ada Lovelace',
        box: null,
      },
    ],
  ]);
});

test('a picture held to the camera is an event of its own, whomever it shows', () => {
  const { events, news } = told(false);
  news.spoof({ track: 4, frame: 30, box: { x: 10.4, y: 20, width: 99.6, height: 120 } });
  expect(events).toEqual([['spoof', { track: 4, frame: 30, box: [10, 20, 100, 120] }]]);
});

test('the board shows the state when it is another than before, and only then', () => {
  let state: GateState = {
    status: 'online',
    door: { mode: 'normal', state: 'locked' },
    camera: 'live',
    eye: 'up',
    problems: [],
  };
  const shown: GateState[] = [];
  const board = new Board(
    () => state,
    (now) => void shown.push(now),
  );
  board.refresh();
  board.refresh();
  state = { ...state, camera: 'waiting' };
  board.refresh();
  expect(shown.map(({ camera }) => camera)).toEqual(['live', 'waiting']);
});
