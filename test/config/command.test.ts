import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { configCommand } from '../../src/cli/config.js';
import { configJsonSchema } from '../../src/config/document.js';
import { ConfigError } from '../../src/config/problem.js';

let folder = '';
let printed = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaimon-config-'));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
  rmSync(folder, { recursive: true });
});

const file = (text: string): string => {
  const path = join(folder, 'kaimon.yaml');
  writeFileSync(path, text);
  return path;
};

const run = (...args: string[]) =>
  new Command('kaimon')
    .option('--config <file>')
    .addCommand(configCommand())
    .parseAsync(['config', ...args], { from: 'user' });

test('check says that a valid file is in order', async () => {
  const good = file('site: home');
  await run('check', '--config', good);
  expect(printed).toBe(`${good}: in order\n`);
});

test('check warns of what is allowed and dangerous, and the file is in order all the same', async () => {
  const mqtt = 'mqtt: { enabled: true, url: mqtt://broker.example }';
  const open = file(`gate: east\ndoor: { kind: gpio, relay: { line: 17 } }\n${mqtt}`);
  await run('check', '--config', open);
  expect(printed).toMatch(
    /: in order\n(note: .*\n)*warning: broker-plain: .*\nwarning: broker-anonymous: .*\nwarning: unsigned: .*\n$/,
  );
  printed = '';
  await run('check', '--json', '--config', open);
  const said = JSON.parse(printed);
  expect(said).toMatchObject({ ok: true, problems: [] });
  expect(said.warnings).toEqual(
    ['broker-plain:', 'broker-anonymous:', 'unsigned:'].map((start) => expect.stringMatching(`^${start}`)),
  );
});

test('check reports all mistakes at once to people', async () => {
  await expect(run('check', '--config', file('gate: "?"\nsite: "?"'))).rejects.toThrow(ConfigError);
});

test('check prints all mistakes as one JSON document for programs, and exits with 2', async () => {
  const bad = file('gate: "?"\nsight: home');
  await run('check', '--json', '--config', bad);
  expect(JSON.parse(printed)).toEqual({
    ok: false,
    file: bad,
    problems: [
      { path: 'gate', where: `${bad} line 1`, message: expect.stringContaining('found "?"') },
      { path: 'sight', where: `${bad} line 2`, message: expect.stringContaining('unknown key') },
    ],
    notes: [],
    warnings: [],
  });
  expect(process.exitCode).toBe(2);
});

test('show prints every value and where it comes from', async () => {
  vi.stubEnv('KAIMON_DOOR__PULSE_MS', '500');
  const good = file('\ngate: east');
  await run('show', '--config', good);
  expect(printed).toMatch(new RegExp(`^gate +"east" {2}\\(${good} line 2\\)$`, 'm'));
  expect(printed).toMatch(/^door\.pulseMs +500 {2}\(KAIMON_DOOR__PULSE_MS\)$/m);
  expect(printed).toMatch(/^site +"home" {2}\(default\)$/m);
});

test('show prints the configuration and the origins as JSON for programs', async () => {
  const good = file('gate: east');
  await run('show', '--json', '--config', good);
  expect(JSON.parse(printed)).toMatchObject({
    file: good,
    config: { gate: 'east', door: { pulseMs: 3000 } },
    origins: { gate: `${good} line 1`, 'door.pulseMs': 'default' },
  });
});

test('show never prints the content of a password file', async () => {
  const secret = join(folder, 'password');
  writeFileSync(secret, 'hunter2');
  const good = file(`mqtt: {username: ada, passwordFile: ${secret}}`);
  await run('show', '--config', good);
  await run('show', '--json', '--config', good);
  expect(printed).toContain(secret);
  expect(printed).not.toContain('hunter2');
});

test('schema prints the JSON Schema', async () => {
  await run('schema');
  expect(JSON.parse(printed)).toEqual(configJsonSchema());
});

test.each([
  ['an encoder that there is not', 'encoder: mobilefacenett', 'encoder', 'known are'],
  [
    'a missing password file',
    'mqtt: {enabled: true, username: gate, passwordFile: /nowhere/password}',
    'mqtt.passwordFile',
    '/nowhere/password',
  ],
  [
    'a missing certificate',
    'mqtt: {enabled: true, url: "mqtts://x:8883", caFile: /nowhere/ca}',
    'mqtt.caFile',
    '/nowhere/ca',
  ],
  ['a missing key of the journal', 'journal: {keyFile: /nowhere/key}', 'journal.keyFile', '/nowhere/key'],
  ['a missing recording', 'camera: {kind: replay, path: /nowhere/film}', 'camera.path', 'there is no such file'],
  ['a missing cascade', 'faces: {haar: {cascade: /nowhere/haar.xml}}', 'faces.haar.cascade', '/nowhere/haar.xml'],
])('check finds what run would refuse: %s', async (_what, text, path, says) => {
  await run('check', '--json', '--config', file(text));
  const { ok, problems } = JSON.parse(printed);
  const found = problems.find((problem: { readonly path: string }) => problem.path === path);
  expect([ok, process.exitCode]).toEqual([false, 2]);
  expect(found).toMatchObject({ where: expect.stringContaining('line 1'), message: expect.stringContaining(says) });
});

test('check cannot see the credentials of the service, and says so', async () => {
  const text = 'mqtt: {enabled: true, username: gate, passwordFile: mqtt-password}';
  await run('check', '--json', '--config', file(text)).catch(() => undefined);
  const { problems, notes } = JSON.parse(printed);
  expect(problems.filter(({ path }: { readonly path: string }) => path.startsWith('mqtt'))).toEqual([]);
  expect(notes?.join() ?? '').toContain('only the service can read it');
});

test('check looks for files although there are other mistakes, but not for those of a section with a mistake', async () => {
  const text = [
    'sight: home',
    'journal: {keyFile: /nowhere/key, keepFile: 1}',
    'camera: {kind: replay, path: /nowhere/film, fps: fast}',
    'mqtt: {enabled: true, username: gate, passwordFile: /nowhere/password}',
  ];
  await run('check', '--json', '--config', file(text.join('\n')));
  const { problems } = JSON.parse(printed) as { problems: { path: string; where: string }[] };
  const told = problems.map(({ path, where }) => `${path} ${where.replace(/^.* /, '')}`);
  expect(told.filter((line) => !line.startsWith('encoder'))).toEqual([
    'sight 1',
    'journal.keepFile 2',
    'camera.fps 3',
    'mqtt.passwordFile 4',
    'journal.keyFile 2',
  ]);
  expect(process.exitCode).toBe(2);
});

test('check of a decision with a mistake says nothing of the encoder, whose thresholds it may have replaced', async () => {
  const bad = file('encoder: nothing\ndecision: {threshold: high}');
  await run('check', '--json', '--config', bad);
  expect(JSON.parse(printed).problems).toMatchObject([{ path: 'decision.threshold' }]);
});

test('a file that is no map, and one that is no YAML, is told as one mistake', async () => {
  for (const text of ['- a', 'a: {']) await expect(run('check', '--config', file(text))).rejects.toThrow('one mistake');
});
