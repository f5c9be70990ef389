// pure
/** What became of keys of earlier versions, in numbered steps. A configuration has no number of its own: its keys tell which steps it needs. */

/** A key that there is no more. */
export type KeyChange =
  /** Follows the key's name in a sentence: what to do. */
  | { readonly gone: string }
  /** The key that took its place, and takes its value as it is. */
  | { readonly renamed: string };

/** What one version has changed, by key. */
export type ConfigStep = Readonly<Record<string, KeyChange>>;

/** Step 1 is the first of the list; a new one goes to the end. */
export const CONFIG_STEPS: readonly ConfigStep[] = [
  {
    'access.lockout': {
      gone: 'is gone, because anybody could shut the gate with a photo: take it out. access.attacks.alarmAfter and access.attacks.withinMs set when an alarm is raised',
    },
    'liveness.motion': { gone: 'is gone: take it out. Movement is always weighed now, but nobody has to move' },
    'liveness.aliveSeconds': {
      gone: 'is gone: take it out. How sure the gate must be is liveness.iapar and liveness.bpcer now; the defaults are right for most doors',
    },
  },
];

const all: ConfigStep = Object.assign({}, ...CONFIG_STEPS);

const sentenceOf = (change: KeyChange): string =>
  'gone' in change ? change.gone : `is called ${change.renamed} now: "kaimon config migrate" writes that`;

/** What became of a key; undefined for one that there never was. @param path names from the top; a key inside a removed section counts, too */
export function whatBecameOf(path: readonly string[]): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const name = path.slice(0, length).join('.');
    const change = Object.hasOwn(all, name) ? all[name] : undefined;
    if (change) return sentenceOf(change);
  }
  return undefined;
}

/** Names of all of them. */
export const removedKeys: readonly string[] = Object.keys(all);
