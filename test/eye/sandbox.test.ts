import { describe, expect, test } from 'vitest';
import type { CameraSettings } from '../../src/camera/camera-settings.js';
import { defaultConfig } from '../../src/config/config.js';
import { eyeEnvironment } from '../../src/eye/environment.js';
import { programFolders, type SandboxHost, sandboxArguments, whyNoSandbox } from '../../src/eye/sandbox.js';

const HOST: SandboxHost = {
  system: [
    { path: '/usr', target: undefined },
    { path: '/lib', target: 'usr/lib' },
  ],
  devices: [
    'gpiochip0',
    'gpiomem',
    'i2c-1',
    'spidev0.0',
    'ttyAMA0',
    'ttyUSB0',
    'mem',
    'video0',
    'media1',
    'dma_heap',
    'snd',
    'null',
  ].map((name) => ({ path: `/dev/${name}`, isFolder: ['snd', 'dma_heap'].includes(name) })),
};
const camera = (change: Partial<CameraSettings>): CameraSettings => ({ ...defaultConfig.camera, ...change });
const line = (of: CameraSettings | null): string =>
  sandboxArguments(
    { node: '/opt/kaimon/.setup/node/bin/node', readable: ['/opt/kaimon/dist'], optional: ['/srv/film'], camera: of },
    HOST,
  ).join(' ');

describe('the sandbox of an eye', () => {
  test('has nothing in it but libraries, programs, networks and the recording, all of it read-only, and no network', () => {
    const text = line(camera({ kind: 'replay', path: '/srv/film' }));
    for (const part of [
      '--unshare-all',
      '--die-with-parent',
      '--new-session',
      '--cap-drop ALL',
      '--ro-bind /usr /usr',
      '--symlink usr/lib /lib',
      '--ro-bind /opt/kaimon/dist /opt/kaimon/dist',
      '--ro-bind-try /srv/film /srv/film',
      '--dev /dev',
    ])
      expect(text).toContain(part);
    expect(text).not.toMatch(
      /--(bind|bind-try|dev-bind|dev-bind-try|share-net) |\/home|\/var|\/run|--ro-bind(-try)? \/(etc )?\/? /,
    );
    expect(text.endsWith(' --')).toBe(true);
  });

  test.each([
    ['without a camera', null],
    ['with a recording', camera({ kind: 'replay', path: '/srv/film' })],
  ])('%s it has no device', (_what, of) => {
    expect(line(of)).not.toContain('--dev-bind');
  });

  test('with a camera it sees cameras that are plugged in later, but nothing that a relay can hang on', () => {
    const text = line(camera({ kind: 'device' }));
    const shown = text.indexOf('--dev-bind /dev /dev');
    expect(shown).toBeGreaterThan(0);
    const isCovered = (path: string) =>
      / --(dev-bind \/dev\/null|tmpfs) $/.test(text.slice(shown, text.indexOf(`${path} `, shown)));
    const covered = HOST.devices.map(({ path }) => path).filter((path) => text.includes(`${path} `) && isCovered(path));
    expect(covered).toEqual(
      ['gpiochip0', 'gpiomem', 'i2c-1', 'spidev0.0', 'ttyAMA0', 'ttyUSB0', 'mem', 'snd'].map((name) => `/dev/${name}`),
    );
    expect(text).toContain('--dev-bind /dev/null /dev/gpiomem');
    expect(text).toContain('--tmpfs /dev/snd');
  });

  test.each<[string, Partial<CameraSettings>, boolean]>([
    ['a camera on this computer', { kind: 'device' }, false],
    ['a pipeline on this computer', { kind: 'gstreamer', pipeline: 'nvarguscamerasrc ! appsink' }, false],
    ['a pipeline from the network', { kind: 'gstreamer', pipeline: 'rtspsrc location=rtsp://cam/1 ! appsink' }, true],
  ])('%s gets the network only where the pictures come from there', (_what, change, network) => {
    expect(line(camera(change)).includes('--share-net')).toBe(network);
  });

  test.each<[string, CameraSettings | null, boolean, boolean]>([
    ['photos of root', null, true, true],
    ['a recording of root', camera({ kind: 'replay' }), true, true],
    ['a camera of root, to whom all devices belong', camera({ kind: 'device' }), true, false],
    ['a camera of somebody else', camera({ kind: 'rpicam' }), false, true],
  ])('%s', (_what, of, root, can) => {
    expect(whyNoSandbox(of, root) === undefined).toBe(can);
  });

  test('reads the program, its packages and no other folder of the checkout', () => {
    expect(programFolders('/opt/kaimon/dist/eye/main.js')).toEqual([
      '/opt/kaimon/dist',
      '/opt/kaimon/node_modules',
      '/opt/kaimon/package.json',
    ]);
  });
});

test('of the environment an eye gets what finds programs and tunes cameras, and no socket, folder or secret of the gate', () => {
  const passed = {
    PATH: '/usr/bin',
    LANG: 'C.UTF-8',
    GST_PLUGIN_PATH: '/opt/gst',
    LIBCAMERA_LOG_LEVELS: '*:3',
    HOME: '/root',
  };
  const kept = {
    NOTIFY_SOCKET: '/run/systemd/notify',
    WATCHDOG_USEC: '10000000',
    WATCHDOG_PID: '7',
    CREDENTIALS_DIRECTORY: '/run/credentials/kaimon.service',
    STATE_DIRECTORY: '/var/lib/kaimon',
    KAIMON_MQTT__PASSWORD: 'secret',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/0/bus',
    SSH_AUTH_SOCK: '/tmp/agent',
    XDG_RUNTIME_DIR: '/run/user/0',
  };
  const given = eyeEnvironment({ ...passed, ...kept });
  expect(given).toMatchObject(passed);
  expect(Object.keys(given).filter((name) => name in kept)).toEqual([]);
});
