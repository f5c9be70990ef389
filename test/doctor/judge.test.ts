import { describe, expect, test } from 'vitest';
import { defaultConfig } from '../../src/config/config.js';
import type { Finding } from '../../src/doctor/finding.js';
import { judgeCamera, type SeenFrame } from '../../src/doctor/judge/camera.js';
import { judgeClock } from '../../src/doctor/judge/clock.js';
import { judgeLines } from '../../src/doctor/judge/lines.js';
import {
  judgeDisk,
  judgeHeat,
  judgeMachine,
  judgeMemory,
  judgeThrottling,
  judgeWear,
} from '../../src/doctor/judge/machine.js';
import { judgePackages, type PackageLook } from '../../src/doctor/judge/packages.js';
import { judgePermissions, type Owned } from '../../src/doctor/judge/permissions.js';
import type { Zone } from '../../src/host/machine/readings.js';
import { wallMs } from '../../src/kit/clock.js';

const MB = 1024 * 1024;
/** Result, and words that must stand in text and advice. */
type Expected = readonly [result: Finding['result'] | undefined, text?: RegExp, advice?: RegExp];

function expectFinding(finding: Finding | undefined, [result, text, advice]: Expected): void {
  expect(finding?.result).toBe(result);
  if (text) expect(finding?.text).toMatch(text);
  if (advice) expect(finding?.advice).toMatch(advice);
  // Something is to be done where something is wrong, and only there.
  if (result === 'ok') expect(finding?.advice).toBeUndefined();
}

describe('the machine', () => {
  test.each<[number, Expected]>([
    [99, ['problem', /99 MB are free for \/s/, /free some/]],
    [499, ['warning', /499 MB/]],
    [500, ['ok']],
  ])('with %i MB free', (free, expected) =>
    expectFinding(judgeDisk({ freeBytes: free * MB, totalBytes: 1e12, device: '8:1' }, '/s'), expected),
  );

  test('whose disk does not say what is free', () => expectFinding(judgeDisk(undefined, '/s'), ['problem', /\/s/]));

  test.each<[number | undefined, 'normal' | 'most-used' | 'nearly-all-used' | undefined, Expected]>([
    [70, 'normal', ['ok', /at most 70 % of its life used, spare blocks normal/]],
    [80, 'normal', ['warning', /80 %/, /new disk/]],
    [90, undefined, ['warning']],
    [100, undefined, ['problem', /100 %/, /now/]],
    [10, 'most-used', ['warning', /most used/]],
    [undefined, 'nearly-all-used', ['problem', /^flash: spare blocks nearly all used$/]],
  ])('with flash %s % used, spares %s', (usedPercent, spares, expected) =>
    expectFinding(judgeWear({ usedPercent, spares }), expected),
  );

  test.each<[number, boolean, Expected]>([
    [400, false, ['ok']],
    [399, false, ['warning', /399 MB of 1000 MB/, /400 MB/]],
    [100, true, ['ok']],
    [99, true, ['warning', /99 MB/, /100 MB/]],
  ])('with %i MB of memory, a gate running: %s', (available, running, expected) =>
    expectFinding(judgeMemory({ totalBytes: 1000 * MB, availableBytes: available * MB }, running), expected),
  );

  const zone = (celsius: number, slowsAt?: number, endsAt?: number): Zone => ({
    name: 'cpu',
    celsius,
    slowsAt,
    endsAt,
  });
  test.each<[Zone, Expected]>([
    [zone(60), ['ok', /^60 °C \(cpu\)$/]],
    [zone(80), ['warning', /slowed down/, /fan/]],
    [zone(80, 85), ['ok']],
    [zone(71, 70), ['warning']],
    [zone(95), ['problem', /off at 100/]],
    [zone(99, 97, 105), ['warning']],
    [zone(100, 97, 105), ['problem', /off at 105/]],
  ])('at %j', (hot, expected) => expectFinding(judgeHeat(hot), expected));

  test('is judged by its hottest place, and told to machines in numbers', () => {
    const facts = {
      model: 'A board',
      memory: undefined,
      zones: [zone(40), zone(81)],
      throttling: undefined,
      disk: undefined,
      wear: undefined,
    };
    const { findings, numbers } = judgeMachine(facts, '/s', false);
    expect(findings.map(({ what, result }) => [what, result])).toEqual([
      ['machine', 'ok'],
      ['disk', 'problem'],
      ['temperature', 'warning'],
    ]);
    expect(numbers).toEqual({ temperatureCelsius: 81 });
  });

  test.each<[Parameters<typeof judgeThrottling>[0], Expected]>([
    [{ now: [], sinceStart: [] }, ['ok', /none/]],
    [{ now: ['under-voltage'], sinceStart: ['under-voltage'] }, ['problem', /now: too little voltage/, /power supply/]],
    [{ now: ['throttled'], sinceStart: ['throttled'] }, ['warning', /now: throttling/, /cool/]],
    [{ now: [], sinceStart: ['under-voltage'] }, ['warning', /not now, but/, /power supply/]],
    [undefined, [undefined]],
  ])('that is throttled: %j', (throttling, expected) => expectFinding(judgeThrottling(throttling), expected));
});

describe('the clock', () => {
  const synced = { synchronisedMs: wallMs(1), rtcAgrees: false };
  const rtc = { synchronisedMs: undefined, rtcAgrees: true };
  const nothing = { synchronisedMs: undefined, rtcAgrees: false };
  test.each<[string, Parameters<typeof judgeClock>, Expected]>([
    ['confirmed by the network', [synced, 'auto', true], ['ok', /the network confirms it, no battery/]],
    ['confirmed by a battery-backed clock', [rtc, 'auto', true], ['ok', /a battery-backed clock agrees/]],
    ['that wants the network and has a battery', [rtc, 'synchronised', false], ['warning']],
    ['that nothing confirms where hours count', [nothing, 'auto', true], ['problem', /refused/, /timedatectl/]],
    ['that nothing confirms where none count', [nothing, 'auto', false], ['warning', /not confirm/]],
    ['that is believed unchecked', [nothing, 'unchecked', true], ['ok', /unchecked/]],
  ])('%s', (_title, given, expected) => expectFinding(judgeClock(...given), expected));
});

describe('GPIO lines', () => {
  const line = (name: string, consumer: string | undefined | null) => ({
    name,
    offset: 17,
    label: 'pinctrl-rp1',
    consumer,
  });
  test.each<[string, Parameters<typeof judgeLines>, Expected]>([
    ['that are free', ['gpiod 2', [line('relay', undefined)], false], ['ok', /^gpiod 2: relay 17 free$/]],
    ['of which nobody knows', ['onoff', [line('relay', null)], false], ['ok', /relay 17 there/]],
    ['that the running gate holds', ['gpiod 2', [line('relay', 'gpioset')], true], ['ok', /held by gpioset/]],
    [
      'that are held though no gate runs',
      ['gpiod 2', [line('relay', 'gpioset')], false],
      ['warning', /no gate runs/, /safe-state/],
    ],
    ['that stay exported', ['onoff', [line('relay', 'sysfs')], false], ['ok']],
    [
      'that another has',
      ['gpiod 2', [line('rex', 'spi0 CS0')], true],
      ['problem', /held by spi0 CS0/, /end what holds/],
    ],
  ])('%s', (_title, given, expected) => {
    const found = judgeLines(...given);
    expect(found).toHaveLength(1);
    expectFinding(found[0], expected);
  });
});

describe('permissions', () => {
  const owned = (path: string, mode: number | undefined, uid = 0, gid = uid): Owned => ({ path, mode, uid, gid });
  type Given = Partial<Parameters<typeof judgePermissions>[0]>;
  const state = [owned('/s', 0o700, 990), owned('/s/people.json', 0o600, 990)];
  test.each<[string, Given, Expected]>([
    ['in order', { config: owned('/c', 0o640, 0, 990), state, above: [owned('/tmp', 0o1777)] }, ['ok']],
    ['of what is not there yet', { state: [owned('/s', undefined)] }, ['ok']],
    [
      'of a configuration that all can change',
      { config: owned('/c', 0o666) },
      ['problem', /change \/c/, /chmod o-w \/c/],
    ],
    [
      'of a configuration of another user',
      { config: owned('/c', 0o644, 1000) },
      ['warning', /user 1000/, /chown root/],
    ],
    ['of one’s own configuration', { config: owned('/c', 0o664, 1000), uid: 1000 }, ['ok']],
    [
      'of a configuration that a group can change',
      { config: owned('/c', 0o660, 0, 990) },
      ['warning', /group 990 can change \/c/, /chmod g-w \/c/],
    ],
    ['of people that others read', { state: [owned('/s', 0o755)] }, ['warning', /read \/s/, /chmod go= \/s/]],
    ['of people that others change', { state: [owned('/s', 0o770)] }, ['problem', /change \/s/, /chmod go=/]],
    ['of a folder that others only pass', { state: [owned('/s', 0o711)] }, ['ok']],
    [
      'of people that root has made for himself',
      { state: [owned('/s', 0o700, 990), owned('/s/people.json', 0o600, 0)] },
      ['problem', /people\.json belongs to the user 0 .* may not read/, /chown -h --reference=\/s \/s\/people\.json/],
    ],
    [
      'of a file of somebody else in the state folder',
      { state, others: [owned('/s/passages.json', 0o600, 1000)] },
      ['problem', /passages\.json belongs to the user 1000 .* can change it/],
    ],
    [
      'of a folder above that all can change',
      { state, above: [owned('/var/lib', 0o777)] },
      ['problem', /replace what is in \/var\/lib/, /chmod o-w/],
    ],
    ['of a folder above of another user', { state, above: [owned('/data', 0o755, 1000)] }, ['warning', /\/data/]],
    ['of a folder above of the gate’s user', { state, above: [owned('/data', 0o755, 990)] }, ['ok']],
  ])('%s', (_title, given, expected) => {
    const found = judgePermissions({ config: undefined, state: [], uid: 0, ...given });
    expect(found).toHaveLength(1);
    expectFinding(found[0], expected);
  });
});

describe('packages', () => {
  const look = (name: string, why: PackageLook['why'], fault?: string): PackageLook => ({
    name,
    why,
    version: fault ? '' : '1.2',
    fault,
    advice: 'mend',
  });
  test.each<[string, readonly PackageLook[], readonly Expected[]]>([
    [
      'all there',
      [look('OpenCV', 'needed'), look('aplay', 'voice')],
      [['ok', /^Node\.js 20\.1\.0, OpenCV 1\.2, aplay 1\.2$/]],
    ],
    [
      'one that is needed',
      [look('OpenCV', 'needed', 'it is gone')],
      [['ok'], ['problem', /OpenCV cannot be used: it is gone/, /mend/]],
    ],
    ['one that another serves for', [look('unix-dgram', 'better', 'x')], [['ok'], ['warning', /child process/]]],
    ['a voice', [look('aplay', 'voice', 'x')], [['ok'], ['warning', /not heard/]]],
    ['one of two ways', [look('onoff', 'other-way', 'x'), look('gpioset', 'other-way')], [['ok']]],
    [
      'both ways',
      [look('onoff', 'other-way', 'x'), look('gpioset', 'other-way', 'y')],
      [['ok'], ['problem', /onoff/], ['problem', /gpioset/]],
    ],
  ])('missing: %s', (_title, looks, expected) => {
    const found = judgePackages('v20.1.0', looks);
    expect(found).toHaveLength(expected.length);
    for (const [at, one] of expected.entries()) expectFinding(found[at], one);
  });
});

describe('the camera', () => {
  const limits = defaultConfig.faces.quality;
  const good = {
    eyeDistancePx: 60,
    sharpness: 100,
    brightness: 120,
    contrast: 40,
    noise: 3,
    yaw: 0,
    pitch: 0,
    roll: 0,
    overall: 1,
  };
  const face = (change: Partial<typeof good> = {}) => ({
    box: { x: 0, y: 0, width: 1, height: 1 },
    quality: { ...good, ...change },
  });
  /** Frames so many milliseconds apart, each measured 100 ms later. */
  const frames = (everyMs: number, faces: SeenFrame['faces'] = []): SeenFrame[] =>
    Array.from({ length: 11 }, (_, n) => ({
      takenMs: n * everyMs,
      measuredMs: n * everyMs + 100,
      width: 640,
      height: 480,
      faces,
    }));
  const look = (observations: readonly SeenFrame[], trouble?: string, camera: 'live' | 'missing' = 'live') =>
    judgeCamera({ seconds: 5, observations, trouble, camera }, limits, 1000);

  test.each<[string, ReturnType<typeof look>, readonly Expected[]]>([
    ['that is not there', look([], 'it is gone', 'missing'), [['problem', /it is gone/, /cable/]]],
    ['that says nothing', look([], undefined, 'missing'), [['problem', /within 5 s/]]],
    ['of which nothing is measured', look([]), [['problem', /nothing was measured/]]],
    [
      'that sees nobody',
      look(frames(100)),
      [
        ['ok', /^640 × 480, 10\.0 frames a second measured, each 100 ms/],
        ['ok', /nobody/],
      ],
    ],
    ['that is slow', look(frames(500)), [['warning', /2\.0 frames/, /smaller picture/], ['ok']]],
    ['that is dark', look(frames(100), 'camera-dark: black'), [['ok'], ['warning', /camera-dark/], ['ok']]],
    [
      'that sees a face',
      look(frames(100, [face()])),
      [['ok'], ['ok', /^11 seen: 60 px between the eyes \(60 to 60\), brightness 120, sharpness 100$/]],
    ],
    [
      'whose faces are small',
      look(frames(100, [face({ eyeDistancePx: 10 })])),
      [['ok'], ['warning', /too small/, /nearer/]],
    ],
    [
      'whose faces are dark',
      look(frames(100, [face({ brightness: 10 })])),
      [['ok'], ['warning', /too dark/, /more light/]],
    ],
    ['that is out of focus', look(frames(100, [face({ sharpness: 1 })])), [['ok'], ['warning', /blurred/, /focus/]]],
    ['that sees one of two well', look(frames(100, [face(), face(), face({ sharpness: 1 })])), [['ok'], ['ok']]],
  ])('%s', (_title, { findings }, expected) => {
    expect(findings).toHaveLength(expected.length);
    for (const [at, one] of expected.entries()) expectFinding(findings[at], one);
  });

  test('tells machines its figures', () => {
    expect(look(frames(100, [face()])).numbers).toEqual({
      framesPerSecond: 10,
      frameAgeMs: 100,
      facesSeen: 11,
      eyeDistancePx: 60,
      brightness: 120,
      sharpness: 100,
      noise: 3,
    });
  });
});
