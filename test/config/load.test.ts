import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FILE_BYTES_MAX, loadConfig } from '../../src/config/load.js';
import { resolvePaths } from '../../src/config/paths.js';
import { readPassword, secretPath } from '../../src/config/secret.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaimon-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (content: string | Uint8Array, name = 'kaimon.yaml'): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const trouble = (code: string, kind: string, message: RegExp) =>
  expect.objectContaining({ code, trouble: kind, message: expect.stringMatching(message) });

describe('the configuration file', () => {
  test('is the one of --config, otherwise the one of KAIMON_CONFIG', () => {
    const a = file('gate: a', 'a.yaml');
    const b = file('gate: b', 'b.yaml');
    expect(loadConfig({ file: a, env: { KAIMON_CONFIG: b } })).toMatchObject({ file: a, config: { gate: 'a' } });
    expect(loadConfig({ env: { KAIMON_CONFIG: b } })).toMatchObject({ file: b, config: { gate: 'b' } });
  });

  test('takes what the command line asks for', () => {
    const loaded = loadConfig({
      file: file('gate: a'),
      env: {},
      overrides: { 'camera.kind': 'replay', 'camera.path': '/x' },
    });
    expect(loaded.config.camera).toMatchObject({ kind: 'replay', path: '/x' });
  });

  test('may begin with a byte order mark and end its lines as Windows does', () => {
    expect(loadConfig({ file: file('\uFEFFsite: a\r\ngate: b\r\n'), env: {} }).config).toMatchObject({
      site: 'a',
      gate: 'b',
    });
  });

  test('that is missing is named', () => {
    const missing = join(folder, 'missing.yaml');
    expect(() => loadConfig({ file: missing, env: {} })).toThrow(
      trouble('KAIMON_CONFIG_FILE', 'usage', /there is no configuration file .*missing/),
    );
  });

  test('that is a folder is refused', () => {
    expect(() => loadConfig({ file: folder, env: {} })).toThrow(
      trouble('KAIMON_CONFIG_FILE', 'usage', /not a plain file/),
    );
  });

  test('that is a pipe without a writer does not block the start', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(() => loadConfig({ file: pipe, env: {} })).toThrow(
      trouble('KAIMON_CONFIG_FILE', 'usage', /not a plain file/),
    );
  });

  test('that is too large is refused without being read', () => {
    const large = file(`# ${'x'.repeat(FILE_BYTES_MAX)}`);
    expect(() => loadConfig({ file: large, env: {} })).toThrow(trouble('KAIMON_CONFIG_FILE', 'usage', /262146 bytes/));
  });

  test.skipIf(process.getuid?.() === 0)('that this user may not read is an error of the environment', () => {
    const closed = file('site: a');
    chmodSync(closed, 0);
    expect(() => loadConfig({ file: closed, env: {} })).toThrow(
      trouble('KAIMON_CONFIG_FILE', 'environment', /cannot read/),
    );
  });

  test('that is not UTF-8 is refused', () => {
    expect(() => loadConfig({ file: file(Buffer.from([0x23, 0xff, 0xfe])), env: {} })).toThrow(
      trouble('KAIMON_CONFIG', 'usage', /UTF-8/),
    );
  });
});

describe('folders', () => {
  const home = { HOME: '/home/ada' };
  const unit = {
    STATE_DIRECTORY: '/var/lib/kaimon:/var/lib/other',
    CACHE_DIRECTORY: '/var/cache/kaimon',
    RUNTIME_DIRECTORY: '/run/kaimon',
  };
  test.each<[string, Record<string, string>, string | undefined, string[]]>([
    ['of --state hold everything', home, '/data', ['/data', '/data/cache', '/data/run']],
    [
      'of KAIMON_STATE hold everything',
      { ...home, KAIMON_STATE: '/data' },
      undefined,
      ['/data', '/data/cache', '/data/run'],
    ],
    [
      'of the unit are used under systemd',
      { ...home, ...unit },
      undefined,
      ['/var/lib/kaimon', '/var/cache/kaimon', '/run/kaimon'],
    ],
    [
      'given by --state win over those of the unit',
      { ...home, ...unit },
      '/data',
      ['/data', '/data/cache', '/data/run'],
    ],
    [
      'that the unit does not name lie in its state folder',
      { STATE_DIRECTORY: '/s' },
      undefined,
      ['/s', '/s/cache', '/s/run'],
    ],
    [
      'are the user’s own otherwise',
      home,
      undefined,
      ['/home/ada/.local/state/kaimon', '/home/ada/.cache/kaimon', '/home/ada/.local/state/kaimon/run'],
    ],
    [
      'follow the XDG variables',
      { ...home, XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/c', XDG_RUNTIME_DIR: '/r' },
      undefined,
      ['/s/kaimon', '/c/kaimon', '/r/kaimon'],
    ],
    [
      'ignore relative XDG variables, as the rules ask',
      { ...home, XDG_STATE_HOME: 's' },
      undefined,
      ['/home/ada/.local/state/kaimon', '/home/ada/.cache/kaimon', '/home/ada/.local/state/kaimon/run'],
    ],
  ])('%s', (_rule, env, stateOption, [state, cache, run]) => {
    expect(resolvePaths({ env, stateOption, configFile: null })).toEqual({ state, cache, run });
  });

  const ofService = ['/var/lib/kaimon', '/var/cache/kaimon', '/run/kaimon'];
  const own = ['/home/ada/.local/state/kaimon', '/home/ada/.cache/kaimon', '/home/ada/.local/state/kaimon/run'];
  test.each<[string, Record<string, string>, string | null, number, string | undefined, string[]]>([
    ['are the service’s for root with its configuration', home, '/etc/kaimon/kaimon.yaml', 0, undefined, ofService],
    [
      'are those of one of several gates for root with that gate’s configuration',
      home,
      '/etc/kaimon/in.yaml',
      0,
      undefined,
      ['/var/lib/kaimon/in', '/var/cache/kaimon/in', '/run/kaimon/in'],
    ],
    ['are the user’s own for anybody else', home, '/etc/kaimon/kaimon.yaml', 1000, undefined, own],
    ['are root’s own with any other configuration', home, '/root/kaimon.yaml', 0, undefined, own],
    ['are root’s own where the name could lead elsewhere', home, '/etc/kaimon/...yaml', 0, undefined, own],
    ['are root’s own with another kind of file', home, '/etc/kaimon/kaimon.yaml.bak', 0, undefined, own],
    [
      'given by --state win over those of the service',
      home,
      '/etc/kaimon/kaimon.yaml',
      0,
      '/data',
      ['/data', '/data/cache', '/data/run'],
    ],
    [
      'given by KAIMON_STATE win over those of the service',
      { ...home, KAIMON_STATE: '/data' },
      '/etc/kaimon/kaimon.yaml',
      0,
      undefined,
      ['/data', '/data/cache', '/data/run'],
    ],
  ])('%s', (_rule, env, configFile, uid, stateOption, [state, cache, run]) => {
    expect(resolvePaths({ env, stateOption, configFile, uid })).toEqual({ state, cache, run });
  });

  test('cannot be derived without a home folder', () => {
    expect(() => resolvePaths({ env: {}, configFile: null })).toThrow(
      trouble('KAIMON_PATHS', 'environment', /--state DIR/),
    );
  });
});

describe('a secret', () => {
  test('is read from its file without the line break that an editor adds', () => {
    expect(readPassword(file('open sesame\n', 'p'), 'mqtt.passwordFile', {})).toBe('open sesame');
  });

  test('with a bare name is a systemd credential where the unit has any', () => {
    expect(secretPath('pw', { CREDENTIALS_DIRECTORY: '/run/c' })).toBe('/run/c/pw');
    expect(secretPath('/etc/pw', { CREDENTIALS_DIRECTORY: '/run/c' })).toBe('/etc/pw');
    expect(secretPath('../pw', { CREDENTIALS_DIRECTORY: '/run/c' })).not.toContain('/run/c');
  });

  test.each<[string, () => string]>([
    ['missing', () => join(folder, 'none')],
    ['a folder', () => folder],
    ['empty', () => file('', 'empty')],
    ['blank', () => file('\nsecond line', 'blank')],
    ['huge', () => file('x'.repeat(70_000), 'huge')],
  ])('that is %s is an error that names key and file and not the content', (_what, make) => {
    expect(() => readPassword(make(), 'mqtt.passwordFile', {})).toThrow(
      trouble('KAIMON_SECRET', 'environment', /mqtt\.passwordFile(?!.*second)/),
    );
  });
});
