// pure
/** Keys and sections of earlier versions, and what to do with a configuration that still has them. */
const REMOVED_KEYS: Readonly<Record<string, string>> = {
  'access.lockout':
    'is gone, because anybody could shut the gate with a photo: take it out. access.attacks.alarmAfter and access.attacks.withinMs set when an alarm is raised',
  'liveness.motion': 'is gone: take it out. Movement is always weighed now, but nobody has to move',
  'liveness.aliveSeconds':
    'is gone: take it out. How sure the gate must be is liveness.iapar and liveness.bpcer now; the defaults are right for most doors',
};

/** What became of a key; undefined for one that there never was. @param path names from the top; a key inside a removed section counts, too */
export function whatBecameOf(path: readonly string[]): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const name = path.slice(0, length).join('.');
    if (Object.hasOwn(REMOVED_KEYS, name)) return REMOVED_KEYS[name];
  }
  return undefined;
}

/** Names of all of them. */
export const removedKeys: readonly string[] = Object.keys(REMOVED_KEYS);
