import { readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { OperatingError } from '../kit/errors.js';
import type { Environment } from './environment.js';

/** Where a running Kaimon keeps things. Absolute paths; the folders need not exist yet. */
export interface Paths {
  /** What must survive: people, journal. */
  readonly state: string;
  /** What can be made again: models, spoken greetings. */
  readonly cache: string;
  /** What lives as long as the process: door line, lock file. */
  readonly run: string;
}

/** systemd gives a colon-separated list where a unit names several folders; ours is the first. */
const first = (list: string | undefined): string | null => list?.split(':')[0] || null;

/** The XDG rules ask to ignore relative paths. */
const absolute = (path: string | undefined): string | null => (path?.startsWith('/') ? path : null);

const below = (state: string): Paths => ({ state, cache: join(state, 'cache'), run: join(state, 'run') });

/** The cache folder that systemd gives the unit with this state folder; undefined when the folder is not a systemd one. */
export const unitCache = (state: string): string | undefined =>
  state.startsWith('/var/lib/') ? state.replace('/var/lib/', '/var/cache/') : undefined;

/** The state folders of the services: that of kaimon.service, and those of kaimon@NAME in it. */
const STATE_OF_A_SERVICE = /^\/var\/lib\/kaimon(\/[^/]+)?\/?$/;

/** Where those of all services of this computer lie. */
export const SHARED_NETWORKS = '/var/lib/kaimon-models';

/**
 * Where networks lie that were added: with the state, which outlives every release. Of the services it is one folder for all gates of this
 * computer, beside their states: root alone writes it, and an eye in its unit, which must see nothing of a state, gets just this.
 */
export const networksFolder = (state: string): string =>
  STATE_OF_A_SERVICE.test(state) ? SHARED_NETWORKS : join(state, 'models');

/** Where the configurations of the services are: kaimon.yaml of kaimon.service, in.yaml of kaimon@in, hall.north.yaml of kaimon@hall.north. */
const OF_THE_SERVICES = '/etc/kaimon';
const OF_A_SERVICE = /^([A-Za-z0-9_-][A-Za-z0-9_.-]{0,63})\.yaml$/;

/** The configurations of the services of this computer; none where there is no such folder, or it cannot be read. */
export function serviceConfigs(folder = OF_THE_SERVICES): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => OF_A_SERVICE.test(name))
      .map((name) => join(folder, name));
  } catch {
    // Who may not read it may not write what belongs to the services either.
    return [];
  }
}

/** The name of the service with this configuration, also by a link to it or to its folder. */
function nameOfService(configFile: string | null, folder: string): string | undefined {
  if (configFile === null) return undefined;
  const given = resolve(configFile);
  const places = [given, real(given), join(real(dirname(given)) ?? '', basename(given))];
  const place = places.find((at) => at !== undefined && [folder, real(folder)].includes(dirname(at)));
  return OF_A_SERVICE.exec(place === undefined ? '' : basename(place))?.[1];
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    // It is not there, or not for this user: then it is the configuration of nothing that runs.
    return undefined;
  }
}

/** The unit with this configuration: `kaimon`, `kaimon@in`; undefined: it is the configuration of none. */
export function serviceUnit(configFile: string | null, folder = OF_THE_SERVICES): string | undefined {
  const name = nameOfService(configFile, folder);
  return name === undefined || name === 'kaimon' ? name : `kaimon@${name}`;
}

/** The folders that systemd gives the service with this configuration; undefined: it is the configuration of none. */
export function serviceFolders(configFile: string | null, folder = OF_THE_SERVICES): Paths | undefined {
  const name = nameOfService(configFile, folder);
  if (name === undefined) return undefined;
  const gate = name === 'kaimon' ? 'kaimon' : `kaimon/${name}`;
  return { state: `/var/lib/${gate}`, cache: `/var/cache/${gate}`, run: `/run/${gate}` };
}

/** What the folders follow from. */
export interface PathOptions {
  readonly env: Environment;
  readonly stateOption?: string | undefined;
  /** The configuration that is in force; null: none. */
  readonly configFile: string | null;
  /** Who asks; this process unless given. */
  readonly uid?: number | undefined;
}

/**
 * The folders to use: `--state DIR` (or KAIMON_STATE) holds all three; under systemd the unit's folders; for root with the configuration
 * of a service that service's folders, whose people root means; otherwise the user's own by the XDG rules.
 * @throws OperatingError where there is no home folder to derive them from.
 */
export function resolvePaths({ env, stateOption, configFile, uid = process.getuid?.() }: PathOptions): Paths {
  const chosen = stateOption || env['KAIMON_STATE'];
  if (chosen) return below(resolve(chosen));
  const unit = first(env['STATE_DIRECTORY']);
  if (unit !== null) {
    const inside = below(unit);
    return {
      state: unit,
      cache: first(env['CACHE_DIRECTORY']) ?? inside.cache,
      run: first(env['RUNTIME_DIRECTORY']) ?? inside.run,
    };
  }
  const ofService = uid === 0 ? serviceFolders(configFile) : undefined;
  if (ofService !== undefined) return ofService;
  const home = absolute(env['HOME']);
  const stateHome = absolute(env['XDG_STATE_HOME']) ?? (home && join(home, '.local', 'state'));
  const cacheHome = absolute(env['XDG_CACHE_HOME']) ?? (home && join(home, '.cache'));
  if (stateHome === null) {
    const advice = 'name one with --state DIR';
    throw new OperatingError('KAIMON_PATHS', `HOME is not set, so there is no state folder: ${advice}`);
  }
  const state = join(stateHome, 'kaimon');
  const runHome = absolute(env['XDG_RUNTIME_DIR']);
  return {
    state,
    cache: cacheHome === null ? below(state).cache : join(cacheHome, 'kaimon'),
    run: runHome === null ? below(state).run : join(runHome, 'kaimon'),
  };
}
