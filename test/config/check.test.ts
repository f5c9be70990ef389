import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/config/check.js';
import { configKeys } from '../../src/config/keys.js';
import { PROBLEMS_MAX } from '../../src/config/problem.js';
import { parseYaml } from '../../src/config/yaml.js';
import { given, mistakes } from './given.js';

describe('values', () => {
  test('from the file win over defaults, the environment over the file, the command line over all', () => {
    const text = 'door:\n  pulseMs: 1000\n';
    const env = { KAIMON_DOOR__PULSE_MS: '2000' };
    expect(given('').config.door.pulseMs).toBe(3000);
    expect(given(text).config.door.pulseMs).toBe(1000);
    expect(given(text, env).config.door.pulseMs).toBe(2000);
    expect(given(text, env, { 'door.pulseMs': 4000 }).config.door.pulseMs).toBe(4000);
  });

  test('know where they come from', () => {
    const { originOf } = given('# a comment\ndoor:\n  pulseMs: 1000\n', { KAIMON_GATE: 'east' }, { 'camera.fps': 5 });
    expect(originOf('door.pulseMs')).toEqual({ kind: 'file', file: 'kaimon.yaml', line: 3 });
    expect(originOf('gate')).toEqual({ kind: 'environment', variable: 'KAIMON_GATE' });
    expect(originOf('camera.fps')).toEqual({ kind: 'option' });
    expect(originOf('door.kind')).toEqual({ kind: 'default' });
  });

  test('of options that are not given are ignored', () => {
    expect(given('', {}, { 'camera.kind': undefined }).config.camera.kind).toBe('device');
  });

  test.each<[string, string, string, unknown]>([
    ['a number', 'KAIMON_DECISION__MARGIN', '0.25', 0.25],
    ['yes or no', 'KAIMON_GREETING__SPEAK', 'false', false],
    ['null', 'KAIMON_DECISION__THRESHOLD', 'null', null],
    ['an empty text as null', 'KAIMON_DECISION__THRESHOLD', '', null],
    ['a camera index', 'KAIMON_CAMERA__DEVICE', '2', 2],
    ['a camera path', 'KAIMON_CAMERA__DEVICE', '/dev/video2', '/dev/video2'],
    ['a user name of digits as text', 'KAIMON_MQTT__USERNAME', '12345', '12345'],
    ['a site called true as text', 'KAIMON_SITE', 'true', 'true'],
    ['the MQTT version', 'KAIMON_MQTT__PROTOCOL', '5', 5],
    ['a key three levels deep', 'KAIMON_FACES__HAAR__MIN_SIZE_PX', '80', 80],
  ])('the environment gives %s', (_what, variable, text, expected) => {
    const key = configKeys.find((candidate) => candidate.variable === variable);
    const value = key?.path.reduce<unknown>(
      (at, name) => (at as Record<string, unknown>)[name],
      given('', { [variable]: text }).config,
    );
    expect(value).toEqual(expected);
  });

  test('a section with nothing below it means its defaults', () => {
    expect(given('door:\nfaces:\n  haar:\n').config).toEqual(given('').config);
  });

  test('an override of one section does not change another that shares its text through an alias', () => {
    const text = 'faces:\n  quality: &q {maxYaw: 10}\n';
    expect(given(text, { KAIMON_FACES__QUALITY__MAX_YAW: '20' }).config.faces.quality.maxYaw).toBe(20);
    const shared = 'camera: {fps: &n 10}\ndecision: {of: *n}\n';
    const { config } = given(shared, { KAIMON_CAMERA__FPS: '20' });
    expect([config.camera.fps, config.decision.of]).toEqual([20, 10]);
  });
});

describe('a mistake is reported with its key, its place, what was found and what is allowed', () => {
  test.each<[string, string, string]>([
    [
      'a number too small',
      'door:\n  pulseMs: 50',
      'door.pulseMs (kaimon.yaml line 2): found 50, allowed: whole number 100–30000, milliseconds',
    ],
    [
      'a number as text',
      'door: {pulseMs: "3000"}',
      'door.pulseMs (kaimon.yaml line 1): found "3000", allowed: whole number 100–30000, milliseconds',
    ],
    [
      'half a millisecond',
      'door: {pulseMs: 100.5}',
      'door.pulseMs (kaimon.yaml line 1): found 100.5, allowed: whole number 100–30000, milliseconds',
    ],
    [
      'no number at all',
      'door: {pulseMs: .nan}',
      'door.pulseMs (kaimon.yaml line 1): found NaN, allowed: whole number 100–30000, milliseconds',
    ],
    [
      'an unknown word',
      'door: {kind: magnet}',
      'door.kind (kaimon.yaml line 1): found "magnet", allowed: one of simulated, gpio',
    ],
    [
      'a list in place of a section',
      'people: [1]',
      'people (kaimon.yaml line 1): found a list, allowed: a map with ids, duplicateDistance, maxTemplates',
    ],
    [
      'a name with a capital',
      '\nsite: Home',
      'site (kaimon.yaml line 2): found "Home", allowed: 1–32 characters of a–z, 0–9, _ and -',
    ],
    [
      'an MQTT version that does not exist',
      'mqtt: {protocol: 3}',
      'mqtt.protocol (kaimon.yaml line 1): found 3, allowed: one of auto, 4, 5',
    ],
    ['a mistyped section', 'camra: {}', 'camra (kaimon.yaml line 1): unknown key, did you mean camera?'],
    [
      'a key in another style',
      'door: {pulse_ms: 500}',
      'door.pulse_ms (kaimon.yaml line 1): unknown key, did you mean door.pulseMs?',
    ],
    [
      'a key in the wrong section',
      'pulseMs: 500',
      'pulseMs (kaimon.yaml line 1): unknown key, did you mean door.pulseMs?',
    ],
    [
      'a key that is similar to none',
      'people: {colour: red}',
      'people.colour (kaimon.yaml line 1): unknown key, allowed here: ids, duplicateDistance, maxTemplates',
    ],
    [
      'a key that tampers with objects',
      '__proto__: {a: 1}',
      '__proto__ (kaimon.yaml line 1): unknown key, allowed here: site, gate, camera, faces, encoder, liveness, decision, access, door, people, eye, greeting, mqtt, keys, homeAssistant, sync, journal, metrics, storage, log',
    ],
    [
      'a real door without a relay',
      'door:\n  kind: gpio\n  rex: {line: 17}',
      'door.relay (kaimon.yaml line 1): door.kind gpio needs door.relay.line',
    ],
    [
      'an invalid line',
      'door: {relay: {line: GPIO17}}',
      'door.relay.line (kaimon.yaml line 1): found "GPIO17", allowed: a BCM number 0–255, a map of chip and offset, or null',
    ],
    [
      'a pull that the back end cannot set',
      'door:\n  gpio: {backend: onoff}\n  rex: {line: 17, pull: up}',
      'door.gpio.backend (kaimon.yaml line 2): the onoff back end cannot set a pull: use gpiod, or a resistor on the board',
    ],
    [
      'GStreamer without a pipeline',
      'camera:\n  kind: gstreamer',
      'camera.pipeline (kaimon.yaml line 1): camera.kind gstreamer needs camera.pipeline',
    ],
    [
      'replay without a path',
      'camera:\n  kind: replay',
      'camera.path (kaimon.yaml line 1): camera.kind replay needs camera.path, a video file or a folder of pictures',
    ],
    [
      'more frames agreeing than there are',
      'decision: {agree: 6}',
      'decision.agree (kaimon.yaml line 1): decision.agree must not be above decision.of',
    ],
    [
      'a pause longer than the longest',
      'eye: {restart: {firstMs: 40000}}',
      'eye.restart.firstMs (kaimon.yaml line 1): eye.restart.firstMs must not be above eye.restart.maxMs',
    ],
    [
      'darkest brighter than brightest',
      'faces: {quality: {minBrightness: 240}}',
      'faces.quality.minBrightness (kaimon.yaml line 1): faces.quality.minBrightness must be below maxBrightness',
    ],
    [
      'a certificate without its key',
      'mqtt: {url: "mqtts://h", certFile: c}',
      'mqtt.certFile (kaimon.yaml line 1): mqtt.certFile and mqtt.keyFile go together',
    ],
    [
      'a password without a user',
      'mqtt: {passwordFile: p}',
      'mqtt.username (kaimon.yaml line 1): mqtt.passwordFile needs mqtt.username',
    ],
    [
      'a certificate without encryption',
      'mqtt: {caFile: c}',
      'mqtt.url (kaimon.yaml line 1): mqtt.caFile and mqtt.certFile need an mqtts:// url',
    ],
    ['a key twice', 'site: a\nsite: b', 'kaimon.yaml line 2: this key stands twice: keep one'],
    ['a tab', 'door:\n\tpulseMs: 500', 'kaimon.yaml line 2: a tab stands where spaces must: indent with spaces'],
    [
      'a list in place of the file',
      '- site',
      'kaimon.yaml line 1: found no map of keys: write lines such as "site: home"',
    ],
    [
      'a word in place of the file',
      'home',
      'kaimon.yaml line 1: found no map of keys: write lines such as "site: home"',
    ],
    [
      'two documents',
      'site: a\n---\nsite: b',
      'kaimon.yaml line 2: a second document begins here: one file holds one document',
    ],
  ])('%s', (_mistake, text, line) => {
    expect(mistakes(() => given(text))).toContain(line);
  });

  test.each<[string, string, string]>([
    [
      'a wrong value',
      'KAIMON_LOG__LEVEL',
      'log.level (KAIMON_LOG__LEVEL): found "x", allowed: one of trace, debug, info, warn, error, fatal, silent',
    ],
    [
      'one underscore for two',
      'KAIMON_DOOR_PULSE_MS',
      'KAIMON_DOOR_PULSE_MS: unknown variable; did you mean KAIMON_DOOR__PULSE_MS?',
    ],
    [
      'a variable that is similar to none',
      'KAIMON_ZZZZZZ',
      'KAIMON_ZZZZZZ: unknown variable; `kaimon config show` lists the keys',
    ],
  ])('in the environment: %s', (_mistake, variable, line) => {
    expect(mistakes(() => given('', { [variable]: 'x' }))).toEqual([line]);
  });

  test('variables of other programs and our reserved ones are ignored', () => {
    expect(mistakes(() => given('', { HOME: '/x', KAIMON_STATE: '/x', KAIMON_CONFIG: '/x' }))).toEqual([]);
  });

  test('all mistakes are listed at once, in the order of the lines, also a broken rule between keys beside a wrong value', () => {
    const text = 'mqtt:\n  protocol: 9\ncamera:\n  kind: gstreamer\n  width: wide\n  colour: 1\nsite: "?"\n';
    expect(mistakes(() => given(text)).map((line) => line.split(' ')[0])).toEqual([
      'mqtt.protocol',
      'camera.pipeline',
      'camera.width',
      'camera.colour',
      'site',
    ]);
  });

  test('the error has a stable code and exit code 2', () => {
    expect(() => given('site: 1')).toThrow(expect.objectContaining({ code: 'KAIMON_CONFIG', trouble: 'usage' }));
  });

  test(`the error lists at most ${PROBLEMS_MAX} mistakes`, () => {
    const text = Array.from({ length: 80 }, (_, i) => `unknown${i}: 1`).join('\n');
    expect(mistakes(() => given(text)).at(-1)).toBe('and 30 more');
  });
});

describe('secrets', () => {
  test.each(['mqtt://ada:hunter2@broker', 'mqtt://hunter2@broker:1883', 'mqtt://a:hunter2@b/@c'])(
    'in the url %s are refused and not repeated',
    (url) => {
      const lines = mistakes(() => given(`mqtt: {url: "${url}"}`)).join('\n');
      expect(lines).toContain('mqtt.url');
      expect(lines).not.toContain('hunter2');
    },
  );

  test('written into the file by name are refused, not repeated, and the right key is named', () => {
    expect(mistakes(() => given('mqtt: {password: hunter2}'))).toEqual([
      'mqtt.password (kaimon.yaml line 1): unknown key, did you mean mqtt.passwordFile?',
    ]);
  });
});

test('an option that is not a key is a defect of the program, not a mistake of the owner', () => {
  expect(() => checkConfig({ file: null, env: {}, options: { 'door.pulse': 1 } })).toThrow(TypeError);
});

test('a line is found for a key inside an alias', () => {
  expect(parseYaml('a: &x\n  b: 1\nc: *x\n', 'f').lineOf(['c', 'b'])).toBe(2);
});
