import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { needClock, rulesOf } from '../access/rules.js';
import { readClockFacts } from '../clock-trust/clock-facts.js';
import type { Config } from '../config/config.js';
import { dangersOf } from '../config/dangers.js';
import type { Paths } from '../config/paths.js';
import { errnoOf } from '../kit/files/errno.js';
import { systemClock } from '../kit/system-clock.js';
import { answering, filesOfBroker } from './answering.js';
import { checkNamedFiles } from './config-surroundings.js';
import { type Checked, type Finding, findings, ok, problem, warning } from './finding.js';
import { judgeClock } from './judge/clock.js';
import { judgePermissions, type Owned } from './judge/permissions.js';

/** Files that the configuration names, dangerous settings, and keys. */
export async function lookAtSettings(config: Config, paths: Paths): Promise<Checked> {
  const { camera, faces, journal, mqtt, storage } = config;
  await answering([
    ...filesOfBroker(mqtt),
    ...[journal.keyFile, storage.sealKeyFile, faces.haar.cascade, camera.path],
    typeof camera.device === 'string' ? camera.device : null,
  ]);
  const { problems, notes } = await checkNamedFiles({ config, paths, env: process.env });
  const isKey = (text: string) => /^(secret-|[a-z]+\.\w*File\b)/.test(text);
  const found: readonly Finding[] = [
    ...problems.map(({ path, message }) => problem(isKey(path) ? 'keys' : 'settings', `${path}: ${message}`)),
    ...notes.map((note) => warning(isKey(note) ? 'keys' : 'settings', note)),
    ...dangersOf(config, process.env).map((danger) => warning(isKey(danger) ? 'keys' : 'settings', danger)),
  ];
  const well = (what: string, text: string) => (found.some((finding) => finding.what === what) ? [] : [ok(what, text)]);
  return findings(
    ...well('settings', 'none is dangerous, and what they name is there'),
    ...well('keys', keysOf(config)),
    ...found,
  );
}

function keysOf({ mqtt, journal, storage }: Config): string {
  const named = [
    ...(mqtt.enabled && mqtt.passwordFile !== null ? ["the broker's password"] : []),
    ...(mqtt.enabled && mqtt.keyFile !== null ? ["the key of the gate's certificate"] : []),
    ...(journal.enabled && journal.keyFile !== null ? ["the journal's key"] : []),
    ...(storage.sealKeyFile !== null ? ['the key that seals people'] : []),
  ];
  return named.length === 0 ? 'none is configured' : `${named.join(', ')}: there, and not open to others`;
}

/** A state folder has a handful of files; what somebody else puts there by the thousand is not all looked at. */
const OTHERS_MAX = 200;

/** Who may do what with configuration, people and journal, and with the folders above them. */
export async function lookAtPermissions(configFile: string | null, { state }: Paths): Promise<Checked> {
  const kept = ['people.json', 'people.json.last-good', 'journal'];
  const names = await readdir(state).catch(() => [] as string[]);
  const others = names.filter((name) => !kept.includes(name)).slice(0, OTHERS_MAX);
  const above = new Set([...(configFile === null ? [] : foldersAbove(resolve(configFile))), ...foldersAbove(state)]);
  const at = (paths: Iterable<string>) => Promise.all([...paths].map(ownerOf));
  const [config, owned, rest, folders] = await Promise.all([
    configFile === null ? undefined : ownerOf(configFile),
    at([state, ...kept.map((name) => join(state, name))]),
    at(others.map((name) => join(state, name))),
    at(above),
  ]);
  const uid = process.getuid?.() ?? -1;
  return { findings: judgePermissions({ config, state: owned, others: rest, above: folders, uid }) };
}

function foldersAbove(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersAbove(folder)];
}

async function ownerOf(path: string): Promise<Owned> {
  try {
    const { mode, uid, gid } = await stat(path);
    return { path, mode: mode & 0o1777, uid, gid };
  } catch (thrown) {
    // In a folder that this user may not enter others can do nothing either.
    if (['ENOENT', 'EACCES'].includes(errnoOf(thrown) ?? '')) return { path, mode: undefined, uid: -1, gid: -1 };
    throw thrown;
  }
}

/** What confirms the clock. */
export async function lookAtClock({ access }: Pick<Config, 'access'>): Promise<Checked> {
  const facts = await readClockFacts(systemClock);
  return {
    findings: [
      judgeClock(facts, access.clock, needClock(rulesOf(access))),
      ...facts.troubles.map((why) => warning('clock', why)),
    ],
    numbers: { clockConfirmed: facts.synchronisedMs !== undefined || facts.rtcAgrees ? 1 : 0 },
  };
}
