// pure

/** Says whether an id is or was in use. */
export type Taken = (id: string) => boolean;
/** Port: `count` random bytes. */
export type RandomBytes = (count: number) => Uint8Array;

/** How a person who comes without an id gets one; config `people.ids`. */
export type IdKind = 'random' | 'names';

/** 32 letters and digits; those that are easily taken for another (i, l, o, u) are left out. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
/** 50 bits: of 50,000 people two get the same one once in a million sites, and then one of them tries again. */
const LENGTH = 10;

/** `p-` and ten random characters: neither log nor removal nor journal tells by it who it was. */
export function randomId(taken: Taken, random: RandomBytes): string {
  for (;;) {
    const id = `p-${[...random(LENGTH)].map((byte) => LETTERS[byte & 31]).join('')}`;
    if (!taken(id)) return id;
  }
}

/**
 * An id made from a name: lower case, letters without accents, others as "-"; `person` when nothing is left.
 * When `taken` says that the id is or was in use, a number is appended until one is free.
 */
export function idFor(name: string, taken: Taken): string {
  const base =
    name
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 56) || 'person';
  if (!taken(base)) return base;
  for (let n = 2; ; n++) if (!taken(`${base}-${n}`)) return `${base}-${n}`;
}

/** The id of a new person. */
export const newId = (kind: IdKind, name: string, taken: Taken, random: RandomBytes): string =>
  kind === 'names' ? idFor(name, taken) : randomId(taken, random);
