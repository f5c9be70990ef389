// pure
import { basename, dirname, join } from 'node:path';
import type { CameraSettings } from '../camera/camera-settings.js';

/** What an eye in a sandbox gets to see. */
export interface SandboxNeeds {
  readonly node: string;
  /** Files and folders that it reads: its program and packages. */
  readonly readable: readonly string[];
  /** Such that may be missing now and there when the eye starts, or which the eye itself explains better: networks, a recording, a cascade. */
  readonly optional: readonly string[];
  readonly camera: CameraSettings | null;
}

/** What the sandbox must know of the machine. */
export interface SandboxHost {
  /** Folders of programs and libraries in /, each with its target where it is a link. */
  readonly system: readonly { readonly path: string; readonly target: string | undefined }[];
  /** What lies in /dev, to be covered where the whole of it is shown, unless a camera needs it ({@link isForCameras}). */
  readonly devices: readonly { readonly path: string; readonly isFolder: boolean }[];
}

/** Of /etc only what libraries are found by; for a camera in the network also names and certificates. */
const LIBRARIES = ['/etc/ld.so.cache', '/etc/alternatives', '/etc/localtime', '/etc/libcamera'];
const NETWORK = ['/etc/resolv.conf', '/etc/hosts', '/etc/nsswitch.conf', '/etc/ssl/certs'];

const each = (option: string, paths: readonly string[]): string[] => paths.flatMap((path) => [option, path, path]);

const isHardware = (camera: CameraSettings | null): boolean => camera !== null && camera.kind !== 'replay';

/** Whether the pipeline fetches its pictures over a network. */
const isRemote = (camera: CameraSettings | null): boolean =>
  camera?.kind === 'gstreamer' && (camera.pipeline ?? '').includes('://');

/**
 * Why this eye cannot be put into the sandbox, or undefined. To root in the sandbox the devices of root belong as well, disks included:
 * where a camera is shown they would be, too.
 */
export const whyNoSandbox = (camera: CameraSettings | null, isRoot: boolean): string | undefined =>
  isRoot && isHardware(camera) ? 'root with a camera cannot be: run it as a user of group video' : undefined;

/**
 * The arguments of `bwrap` for an eye: a root of its own with nothing in it but what the eye reads, own processes, users and
 * (camera in the network apart) no network, no rights, and dead with the gate. Folders that somebody may look for are not hidden but not there.
 */
export function sandboxArguments({ node, readable, optional, camera }: SandboxNeeds, host: SandboxHost): string[] {
  const remote = isRemote(camera);
  const system = host.system.flatMap(({ path, target }) =>
    target === undefined ? ['--ro-bind', path, path] : ['--symlink', target, path],
  );
  return [
    ...['--unshare-all', ...(remote ? ['--share-net'] : []), '--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...system,
    ...each('--ro-bind-try', remote ? [...LIBRARIES, ...NETWORK] : LIBRARIES),
    ...['--proc', '/proc', '--tmpfs', '/tmp'],
    ...each('--ro-bind-try', ['/sys/devices/system/cpu']),
    ...(isHardware(camera) ? hardware(host) : ['--dev', '/dev']),
    ...each('--ro-bind', [node, ...readable]),
    ...each('--ro-bind-try', optional),
    // What libraries keep for themselves (GStreamer its list of plugins) is made anew: nothing of one eye reaches the next.
    ...['--setenv', 'HOME', '/tmp', '--unsetenv', 'XDG_CACHE_HOME', '--chdir', '/', '--'],
  ];
}

/**
 * Whether a name in /dev belongs to cameras, or is harmless and expected by every program. Lines of GPIO can be moved through memory (`gpiomem`), buses
 * (`i2c-1`, `spidev0.0`) and serial ports as well, to which a relay board may be connected.
 */
export const isForCameras = (name: string): boolean =>
  /^((video|media|v4l-subdev)\d+|nv(host|map|idia|gpu).*|v4l|dma_heap|dri|char|block|disk|fd|shm|pts|null|zero|full|u?random|tty|ptmx|std(in|out|err)|core)$/.test(
    name,
  );

/** A camera that is plugged in again is a new file in /dev, so all of it is shown; what is no camera's, and what processes share, is covered. */
function hardware({ devices }: SandboxHost): string[] {
  const covered = devices.filter(({ path }) => !isForCameras(basename(path)));
  return [
    ...['--dev-bind', '/dev', '/dev', '--tmpfs', '/dev/shm', '--tmpfs', '/dev/pts'],
    ...covered.flatMap(({ path, isFolder }) => (isFolder ? ['--tmpfs', path] : ['--dev-bind', '/dev/null', path])),
    ...each('--ro-bind-try', ['/sys', '/run/udev']),
  ];
}

/** The folders of a checkout that the program at `program` (`<root>/dist/eye/main.js`) is loaded from. */
export function programFolders(program: string): string[] {
  const dist = dirname(dirname(program));
  const root = dirname(dist);
  return [dist, join(root, 'node_modules'), join(root, 'package.json')];
}
