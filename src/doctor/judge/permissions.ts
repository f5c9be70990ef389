// pure
import { type Finding, ok, problem, warning } from '../finding.js';

/** A file or folder as the file system shows it. */
export interface Owned {
  readonly path: string;
  /** Permission bits; undefined: it is not there. */
  readonly mode: number | undefined;
  readonly uid: number;
}

/** What others may do with what only the gate may. @param uid who the gate or this command is; root may own everything */
export function judgePermissions(config: Owned | undefined, state: readonly Owned[], uid: number): readonly Finding[] {
  const found = [
    ...(config === undefined ? [] : judgeConfig(config, uid)),
    ...state.flatMap((owned) => judgeState(owned)),
  ];
  return found.length > 0 ? found : [ok('permissions', 'configuration, people and journal are not open to others')];
}

function judgeConfig({ path, mode, uid: owner }: Owned, uid: number): readonly Finding[] {
  if (mode === undefined) return [];
  if ((mode & 0o002) !== 0)
    return [problem('permissions', `every user of this machine can change ${path}`, `chmod o-w ${path}`)];
  if (owner !== 0 && owner !== uid)
    return [
      warning('permissions', `${path} belongs to the user ${owner}, who can change it`, `sudo chown root ${path}`),
    ];
  return [];
}

function judgeState({ path, mode }: Owned): readonly Finding[] {
  if (mode === undefined || (mode & 0o077) === 0) return [];
  const advice = `chmod go= ${path}`;
  // Whoever may write into the folder can put another people file there.
  if ((mode & 0o022) !== 0) return [problem('permissions', `others can change ${path}`, advice)];
  return (mode & 0o044) === 0 ? [] : [warning('permissions', `others can read ${path}`, advice)];
}
