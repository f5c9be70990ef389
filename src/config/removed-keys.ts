// pure
/** Keys and sections of earlier versions, and what to do with a configuration that still has them. */
const REMOVED_KEYS: Readonly<Record<string, string>> = {
  'access.lockout':
    'no longer shuts the gate, because anybody could shut it with a photo: remove it; access.attacks.alarmAfter and withinMs say when a guard is told',
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
