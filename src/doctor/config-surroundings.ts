import { existsSync, statSync } from 'node:fs';
import type { Config } from '../config/config.js';
import type { Environment } from '../config/environment.js';
import { valueAt } from '../config/keys.js';
import { readSealKey } from '../config/open-vault.js';
import { networksFolder, type Paths } from '../config/paths.js';
import type { Problem } from '../config/problem.js';
import { isForeignCredential, readPassword, readSecret } from '../config/secret.js';
import { findCascade } from '../face/haar.js';
import { signerOf } from '../journal/signing.js';
import { explain, OperatingError } from '../kit/errors.js';
import { readPlainFileSync } from '../kit/files/plain-file.js';
import { CASCADE_BYTES_MAX } from '../kit/opencv/cascade.js';
import { calibrationFile } from '../models/calibration.js';
import { loadManifest } from '../models/model-files.js';
import { loadModels } from '../models/model-set.js';
import { usableCurve } from '../person/thresholds.js';

/** What a configuration that is valid by itself lacks on this machine. */
export interface Surroundings {
  /** What `kaimon run` would refuse to start with, or could not see without. */
  readonly problems: readonly Omit<Problem, 'origin'>[];
  /** What could not be checked from here, or may change until then. */
  readonly notes: readonly string[];
}

interface Place {
  readonly config: Config;
  readonly paths: Pick<Paths, 'state'>;
  readonly env: Environment;
  /** Sections that hold only their defaults, since what stands there is a mistake: of them nothing is looked for. */
  readonly wrong?: ReadonlySet<string>;
}

/** A check throws what is wrong, in a sentence. */
type Check = () => unknown;
type NamedCheck = readonly [key: string, Check];

/** Looks for what the configuration names: networks, thresholds, files. Hardware is left alone; a running daemon may have it. */
export const checkSurroundings = (place: Place): Promise<Surroundings> =>
  look(place, [...encoderCheck(place), ...fileChecks(place)]);

/** The same without the networks, for who has looked at them. */
export const checkNamedFiles = (place: Place): Promise<Surroundings> => look(place, fileChecks(place));

async function look({ config, env, wrong }: Place, checks: readonly NamedCheck[]): Promise<Surroundings> {
  const notes: string[] = [];
  const problems: Omit<Problem, 'origin'>[] = [];
  for (const [key, check] of checks) {
    if (wrong?.has(key.split('.')[0] as string)) continue;
    try {
      await check();
    } catch (thrown) {
      const value = valueAt(config, key.split('.'));
      if (key.endsWith('File') && isForeignCredential(value, env))
        notes.push(`${key}: ${value} is no file here: as a credential of systemd only the service can read it`);
      else problems.push({ path: key, message: explain(thrown) });
    }
  }
  const { kind, device } = config.camera;
  if (kind === 'device' && typeof device === 'string' && !existsSync(device))
    notes.push(`camera.device: there is no ${device} now; the daemon waits for it`);
  return { problems, notes };
}

function encoderCheck({ config, paths, wrong }: Place): NamedCheck[] {
  if (['decision', 'liveness'].some((section) => wrong?.has(section))) return [];
  const check = async () => {
    const { encoder, decision, liveness } = config;
    const choice = { encoder, liveness: liveness.enabled };
    const manifest = loadManifest(undefined, networksFolder(paths.state));
    const models = await loadModels(manifest, choice, calibrationFile(paths.state));
    usableCurve(models.curve, models.encoder, decision.threshold);
  };
  return [['encoder', check]];
}

function fileChecks({ config, env }: Place): NamedCheck[] {
  const { mqtt, journal, camera, faces, storage } = config;
  const secret = (key: string, file: string | null): [string, Check][] =>
    file === null ? [] : [[key, () => readSecret(file, key, env)]];
  const { passwordFile } = mqtt;
  return [
    ['faces.haar.cascade', () => readPlainFileSync(faces.haar.cascade ?? findCascade(), CASCADE_BYTES_MAX)],
    ...(mqtt.enabled && passwordFile !== null
      ? [['mqtt.passwordFile', () => readPassword(passwordFile, 'mqtt.passwordFile', env)] as [string, Check]]
      : []),
    ...(mqtt.enabled ? secret('mqtt.caFile', mqtt.caFile) : []),
    ...(mqtt.enabled ? secret('mqtt.certFile', mqtt.certFile) : []),
    ...(mqtt.enabled ? secret('mqtt.keyFile', mqtt.keyFile) : []),
    ...(journal.enabled && journal.keyFile !== null
      ? [
          [
            'journal.keyFile',
            () => signerOf(readSecret(journal.keyFile as string, 'journal.keyFile', env), journal.keyFile as string),
          ] as [string, Check],
        ]
      : []),
    ...(storage.sealKeyFile !== null
      ? [
          ['storage.sealKeyFile', () => readSealKey(storage.sealKeyFile as string, 'storage.sealKeyFile', env)] as [
            string,
            Check,
          ],
        ]
      : []),
    ...(camera.kind === 'replay' ? [['camera.path', () => assertReplay(camera.path ?? '')] as [string, Check]] : []),
  ];
}

function assertReplay(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() || found?.isDirectory()) return;
  const why = found ? 'it is neither a folder nor a plain file' : 'there is no such file or folder';
  throw new OperatingError('KAIMON_CAMERA_OPEN', `cannot replay ${path}: ${why}`);
}
