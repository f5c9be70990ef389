import { expect, test } from 'vitest';
import type { EyeStatus } from '../../src/eye/eye-status.js';
import type { Decision } from '../../src/gate/decision-report.js';
import { type JournalInput, journalOff } from '../../src/journal/writer.js';
import type { Log } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { NO_COUNTS } from '../../src/passback/passage-detection.js';
import type { Person } from '../../src/person/person.js';
import { JournalThenSite } from '../../src/report/journal-then-site.js';
import { type Publish, Reporter } from '../../src/report/reporter.js';
import type { GateState } from '../../src/report/status.js';
import { StatusPublisher } from '../../src/report/status-publisher.js';
import { isTold } from '../../src/site/events/event-of.js';

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

function reporterWith(names: boolean) {
  const lines: string[] = [];
  const events: [string, unknown][] = [];
  const entries: JournalInput[] = [];
  const write = (...parts: unknown[]) => void lines.push(JSON.stringify(parts));
  const log = { debug: write, info: write, warn: write, error: write } as unknown as Log;
  const append = async (entry: JournalInput) => {
    entries.push(entry);
    return { durable: true, n: entries.length } as const;
  };
  const journalThenSite = new JournalThenSite({ ...journalOff, append }, () => undefined, log);
  const publish: Publish = (type, fields) => void events.push([type, fields]);
  const reporter = new Reporter({ log, names, journalThenSite, clock: new ManualClock(), publish });
  return { lines, events, entries, journalThenSite, reporter };
}

test('without log.names no name is in the log, neither of a decision nor of a greeting nor of a request', () => {
  const { lines, reporter } = reporterWith(false);
  reporter.decision(GRANTED);
  reporter.greeting({ text: 'Welcome Ada Lovelace, have a nice day!', language: 'en' });
  reporter.doorRequested('open', 'office', 'parcel for Lovelace', {}, true);
  expect(lines.join()).toContain('"id":"ada"');
  expect(lines.join()).not.toContain('Lovelace');
});

test('with log.names the log says who it was', () => {
  const { lines, reporter } = reporterWith(true);
  reporter.decision(GRANTED);
  expect(lines.join()).toContain('Ada Lovelace');
});

test('the site receives the same facts, with the person but no templates, and the number of the journal entry', async () => {
  const { events, reporter, journalThenSite } = reporterWith(false);
  reporter.decision(GRANTED);
  await journalThenSite.settled();
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
        entry: 1,
      },
    ],
  ]);
});

test('what is refused is in the journal only: whoever sends it must not tell it to the whole site', async () => {
  const { events, entries, reporter, journalThenSite } = reporterWith(false);
  reporter.requestRefused({ by: 'guard', verb: 'open', code: 'replayed', again: true });
  reporter.requestsRefused(42, '2026-11-24T08:00:00.000Z');
  reporter.peopleSetAside(7, null);
  await journalThenSite.settled();
  expect(entries).toMatchObject([
    { type: 'request-refused', fields: { verb: 'open', code: 'replayed', again: true }, personal: { by: 'guard' } },
    { type: 'requests-refused', fields: { count: 42 } },
    { type: 'people-set-aside', fields: { people: 7, since: null } },
  ]);
  expect(entries.map(({ type }) => isTold(type))).toEqual([false, false, true]);
  expect(events).toEqual([['people-set-aside', { people: 7, since: null, entry: 3 }]]);
});

test('the journal keeps names and ids of people apart from the rest, so that they can be erased', () => {
  const { entries, reporter } = reporterWith(false);
  reporter.decision(GRANTED);
  reporter.doorRequested('open', 'Grace of the office', 'parcel for Ada', {}, true);
  reporter.door({ type: 'door', state: 'unlocked', mode: 'normal', cause: 'open', token: 'Grace of the office' });
  reporter.door({ type: 'door', state: 'unlocked', mode: 'normal', cause: 'grant', token: 'track-3' });
  reporter.door({ type: 'door', state: 'unlocked', mode: 'normal', cause: 'open', token: 'track-7' });
  reporter.enrolled({ ...ADA, by: 'Grace of the office' }, 'ada-2');
  reporter.removed('ada', 'Grace of the office');
  expect(JSON.stringify(entries.map(({ fields }) => fields))).not.toMatch(/ada|grace/i);
  expect(entries.map(({ type, personal }) => [type, personal])).toEqual([
    ['granted', { person: 'ada', name: 'Ada Lovelace' }],
    ['opened', { by: 'Grace of the office', note: 'parcel for Ada' }],
    ['door', { by: 'Grace of the office' }],
    ['door', undefined],
    ['door', { by: 'track-7' }],
    ['enrolled', { person: 'ada', name: 'Ada Lovelace', by: 'Grace of the office', other: 'ada-2' }],
    ['removed', { person: 'ada', by: 'Grace of the office' }],
  ]);
  expect(entries[3]?.fields).toMatchObject({ token: 'track-3', cause: 'grant' });
});

test('eye and camera are reported when they come, go or fail for another reason, not at each try in between', () => {
  const { entries, reporter } = reporterWith(false);
  const status = (state: EyeStatus['state'], camera: string, why: string | null = null): EyeStatus => ({
    state,
    restarts: 0,
    lastFault: 'it hung',
    pid: 1,
    rssBytes: null,
    camera: { state: camera, why },
    confinement: 'unit',
  });
  const tries = [status('up', 'opening'), status('up', 'waiting', 'no cable')];
  for (const one of [
    status('starting', 'opening'),
    ...[...tries, ...tries, ...tries],
    status('up', 'waiting', 'busy'),
    ...[status('up', 'live'), status('up', 'live')],
    status('waiting', 'live'),
    ...[status('starting', 'live'), status('waiting', 'live'), status('starting', 'opening')],
    status('up', 'live'),
  ])
    reporter.eye(one);
  expect(entries.map(({ type, fields }) => [type, fields?.['state'], fields?.['why']])).toEqual([
    ['eye', 'up', null],
    ['camera', 'waiting', 'no cable'],
    ['camera', 'waiting', 'busy'],
    ['camera', 'live', null],
    ['eye', 'waiting', 'it hung'],
    ['eye', 'up', null],
  ]);
});

test('a picture held to the camera is an event of its own, with its place in whole pixels', async () => {
  const { events, reporter, journalThenSite } = reporterWith(false);
  const [frame, box] = [30, { x: 10.4, y: 20, width: 99.6, height: 120 }];
  reporter.spoof({ track: 4, frame, box, person: undefined });
  reporter.spoof({ track: 5, frame, box, person: ADA });
  await journalThenSite.settled();
  const facts = { frame: 30, box: [10, 20, 100, 120] };
  expect(events).toEqual([
    ['spoof', { track: 4, ...facts, person: null, name: null, entry: 1 }],
    ['spoof', { track: 5, ...facts, person: 'ada', name: 'Ada Lovelace', entry: 2 }],
  ]);
});

test('the attack alarm says how often, and whom the pictures showed; in the journal that can be erased', async () => {
  const { events, entries, reporter, journalThenSite } = reporterWith(false);
  reporter.attackAlarm({ phase: 'begins', attempts: 5, person: 'ada' }, ADA);
  reporter.attackAlarm({ phase: 'ends', attempts: 7, person: null }, undefined);
  await journalThenSite.settled();
  expect(events).toEqual([
    ['attack-alarm', { phase: 'begins', attempts: 5, person: 'ada', name: 'Ada Lovelace', entry: 1 }],
    ['attack-alarm', { phase: 'ends', attempts: 7, person: null, name: null, entry: 2 }],
  ]);
  expect(entries).toMatchObject([
    {
      type: 'attack-alarm',
      fields: { phase: 'begins', attempts: 5 },
      personal: { person: 'ada', name: 'Ada Lovelace' },
    },
    { type: 'attack-alarm', fields: { phase: 'ends', attempts: 7 } },
  ]);
});

test('the state is published when it has changed, and only then', () => {
  let state: GateState = {
    status: 'online',
    door: { mode: 'normal', state: 'locked' },
    camera: 'live',
    eye: 'up',
    eyeConfinement: 'unit',
    passages: NO_COUNTS,
    problems: [],
    warnings: [],
  };
  const published: GateState[] = [];
  let asked = 0;
  let siteProblems: string[] = [];
  const lines: string[] = [];
  const sources = {
    state: () => {
      asked++;
      return state;
    },
    siteProblems: () => siteProblems,
    people: { size: 1 },
  };
  const status = new StatusPublisher(sources, (now, line) => {
    published.push(now);
    lines.push(line);
  });
  status.refresh();
  status.refresh();
  state = { ...state, camera: 'waiting' };
  status.refresh();
  expect(published.map(({ camera }) => camera)).toEqual(['live', 'waiting']);
  siteProblems = ['no broker'];
  status.refresh();
  // The site would hear of it only once it is over.
  expect(published.at(-1)?.problems).toEqual([]);
  expect(lines.at(-1)).toContain('no broker');
  expect(status.state.problems).toEqual(['no broker']);
  expect(asked, 'once a look').toBe(5);
});

test('who else listens hears of everything at once, before the journal has it', () => {
  const { reporter } = reporterWith(false);
  const heard: unknown[] = [];
  reporter.onReport((type, { reason }) => heard.push([type, reason]));
  reporter.decision(GRANTED);
  reporter.decision({ ...GRANTED, type: 'refused', reason: 'expired' });
  reporter.removed('ada', 'office');
  expect(heard).toEqual([
    ['granted', null],
    ['refused', 'expired'],
    ['removed', undefined],
  ]);
});
