// pure
import { type Finding, ok, problem, warning } from '../finding.js';

/** A file or folder as the file system shows it. */
export interface Owned {
  readonly path: string;
  /** Permission bits, the sticky one among them; undefined: it is not there. */
  readonly mode: number | undefined;
  readonly uid: number;
  readonly gid: number;
}

/** What is looked at. */
export interface Permissions {
  readonly config: Owned | undefined;
  /** The state folder, then what tells of people in it. */
  readonly state: readonly Owned[];
  /** All else in the state folder. */
  readonly others?: readonly Owned[];
  /** The folders above configuration and state. */
  readonly above?: readonly Owned[];
  /** Who the gate or this command is; root may own everything. */
  readonly uid: number;
}

/** In such a folder nobody but its owner can move a file. */
const STICKY = 0o1000;

/** What others may do with what only the gate may. */
export function judgePermissions({ config, state, others = [], above = [], uid }: Permissions): readonly Finding[] {
  const [folder, ...inside] = state;
  const owner = folder?.mode === undefined ? uid : folder.uid;
  const found = [
    ...(config === undefined ? [] : judgeConfig(config, uid)),
    ...state.flatMap((owned) => judgeState(owned)),
    ...[...inside, ...others].flatMap((owned) => judgeOwner(owned, owner)),
    ...above.flatMap((owned) => judgeAbove(owned, [0, uid, owner])),
  ];
  return found.length > 0 ? found : [ok('permissions', 'configuration, people and journal are not open to others')];
}

function judgeConfig({ path, mode, uid: owner, gid }: Owned, uid: number): readonly Finding[] {
  if (mode === undefined) return [];
  if ((mode & 0o002) !== 0)
    return [problem('permissions', `every user of this machine can change ${path}`, `chmod o-w ${path}`)];
  if (owner !== 0 && owner !== uid)
    return [
      warning('permissions', `${path} belongs to the user ${owner}, who can change it`, `sudo chown root ${path}`),
    ];
  // A group of the owner's number is usually his alone.
  if ((mode & 0o020) !== 0 && gid !== 0 && gid !== owner)
    return [warning('permissions', `all in the group ${gid} can change ${path}`, `chmod g-w ${path}`)];
  return [];
}

function judgeState({ path, mode }: Owned): readonly Finding[] {
  if (mode === undefined || (mode & 0o077) === 0) return [];
  const advice = `chmod go= ${path}`;
  // Whoever may write into the folder can put another people file there.
  if ((mode & 0o022) !== 0) return [problem('permissions', `others can change ${path}`, advice)];
  return (mode & 0o044) === 0 ? [] : [warning('permissions', `others can read ${path}`, advice)];
}

/** @param folderOwner whose the state folder is: the gate's user */
function judgeOwner({ path, mode, uid }: Owned, folderOwner: number): readonly Finding[] {
  if (mode === undefined || uid === folderOwner) return [];
  const what = uid === 0 ? 'which the gate may not read or write' : 'who can change it';
  const text = `${path} belongs to the user ${uid} and its folder to ${folderOwner}: ${what}`;
  return [problem('permissions', text, `sudo chown -h --reference=${path.slice(0, path.lastIndexOf('/'))} ${path}`)];
}

function judgeAbove({ path, mode, uid }: Owned, allowed: readonly number[]): readonly Finding[] {
  if (mode === undefined) return [];
  if ((mode & 0o002) !== 0 && (mode & STICKY) === 0)
    return [problem('permissions', `every user of this machine can replace what is in ${path}`, `chmod o-w ${path}`)];
  if (allowed.includes(uid)) return [];
  return [warning('permissions', `${path} belongs to the user ${uid}, who can replace what is in it`)];
}
