import { describe, expect, test } from 'vitest';
import type { PictureFault } from '../../src/camera/picture-fault.js';
import type { EyeStatus } from '../../src/eye/eye-status.js';
import { NO_COUNTS } from '../../src/passback/passage-detection.js';
import { gateState, type PartStates, statusLine, withSite } from '../../src/report/status.js';

const EYE: EyeStatus = {
  state: 'up',
  restarts: 0,
  lastFault: null,
  pid: 7,
  rssBytes: null,
  camera: { state: 'live', why: null },
  confinement: 'unit',
};
const WELL: PartStates = {
  door: { mode: 'normal', state: 'locked' },
  doorProblems: [],
  eye: EYE,
  peopleFault: null,
  journalFault: null,
  passages: NO_COUNTS,
  blindMs: 0,
  warnings: [],
  threshold: { threshold: 1, fmr: 1e-4, tooLarge: false },
};
const camera = (state: string, why: string | null = null, fault?: PictureFault): Partial<PartStates> => ({
  eye: { ...EYE, camera: { state, why, fault } },
});

describe('the state of the gate', () => {
  test.each<[string, Partial<PartStates>, string, readonly string[]]>([
    ['all is well', {}, 'online', []],
    ['the door is open for a person', { door: { mode: 'normal', state: 'unlocked' } }, 'online', []],
    [
      'the relay is broken',
      { door: { mode: 'normal', state: 'fault' }, doorProblems: ['the door relay cannot be driven'] },
      'degraded',
      ['the door relay cannot be driven'],
    ],
    ['the eye starts', { eye: { ...EYE, state: 'starting', camera: { state: 'opening', why: null } } }, 'degraded', []],
    [
      'the eye was lost',
      { eye: { ...EYE, state: 'waiting', lastFault: 'it hung' } },
      'degraded',
      ['the eye was lost: it hung'],
    ],
    [
      'the eye was lost for an unknown reason',
      { eye: { ...EYE, state: 'waiting' } },
      'degraded',
      ['the eye was lost: unknown'],
    ],
    ['the gate stops', { eye: { ...EYE, state: 'stopped' } }, 'degraded', []],
    ['the camera is opened', camera('opening'), 'degraded', []],
    ['there is no camera', camera('waiting', 'cable'), 'degraded', ['no camera: cable']],
    ['five seconds without a measured frame are no trouble yet', { blindMs: 5000 }, 'online', []],
    [
      'the camera delivers and nothing is measured',
      { blindMs: 5001 },
      'degraded',
      ['the camera delivers, but nothing has been measured for seconds'],
    ],
    [
      'it is dark, and nothing is measured either',
      { ...camera('live', 'camera-dark: the picture is black', 'dark'), blindMs: 5001 },
      'degraded',
      ['the camera delivers, but nothing has been measured for seconds'],
    ],
    [
      'the camera is frozen, so nothing is measured',
      { ...camera('live', 'camera-frozen: the same picture', 'frozen'), blindMs: 60_000 },
      'degraded',
      ['camera-frozen: the same picture'],
    ],
    ['the film is over', camera('ended'), 'degraded', []],
    [
      'the journal is not written',
      { journalFault: 'disk full; 3 entries wait' },
      'degraded',
      ['the journal is not written: disk full; 3 entries wait'],
    ],
    [
      'people are not saved',
      { peopleFault: 'disk full' },
      'degraded',
      ['people cannot be changed or saved: disk full'],
    ],
    [
      'too many people',
      { threshold: { threshold: 1, fmr: 1e-5, tooLarge: true } },
      'degraded',
      ['more people than this encoder can tell apart at decision.targetFpir'],
    ],
  ])('%s', (_what, change, status, problems) => {
    expect(gateState({ ...WELL, ...change })).toMatchObject({ status, problems });
  });

  test('a hall that is dark is a warning, as long as it is: nobody wants to be called for it each night', () => {
    const dark = camera('live', 'camera-dark: the picture is black', 'dark');
    const said = {
      status: 'online',
      problems: [],
      warnings: ['liveness-off: off', 'camera-dark: the picture is black'],
    };
    expect(gateState({ ...WELL, ...dark, warnings: ['liveness-off: off'] })).toMatchObject(said);
    const bright = gateState({ ...WELL, ...camera('live'), warnings: ['liveness-off: off'] });
    expect(bright).toMatchObject({ status: 'online', problems: [], warnings: ['liveness-off: off'] });
  });

  test('is one line for systemctl', () => {
    expect(statusLine(gateState(WELL), 12)).toBe('online; door locked; camera live; eye up; 12 people');
    const bad = gateState({ ...WELL, ...camera('waiting', 'cable'), peopleFault: 'disk full' });
    expect(statusLine(bad, 0)).toBe(
      'degraded; door locked; camera waiting; eye up; 0 people; no camera: cable; people cannot be changed or saved: disk full',
    );
  });

  test('seen from this machine has what is wrong between it and its site', () => {
    const well = gateState(WELL);
    expect(withSite(well, [])).toBe(well);
    expect(statusLine(withSite(well, ['no broker, requests are not heard']), 1)).toBe(
      'degraded; door locked; camera live; eye up; 1 people; no broker, requests are not heard',
    );
  });
});
