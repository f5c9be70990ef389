// pure
/** Keys and sections of earlier versions, and what to do with a configuration that still has them. */
const REMOVED_KEYS: Readonly<Record<string, string>> = {
  'access.lockout':
    'no longer shuts the gate, because anybody could shut it with a photo: remove it; access.attacks.alarmAfter and withinMs say when a guard is told',
  'liveness.motion': 'is no longer asked of everybody, and counts as evidence where there is some: remove it',
  'liveness.aliveSeconds':
    'has become a question of how sure the gate must be: remove it; liveness.iapar and bpcer say that',
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
