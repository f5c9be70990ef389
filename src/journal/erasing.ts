// pure
/** Finding and taking out what names a person, without reading every line: the spelling of a line is known. */

/** Fields that hold an id by which a line is erased. */
export const ID_FIELDS = ['person', 'other'] as const;

export interface Erased {
  /** What stays, unchanged. */
  readonly bytes: Buffer;
  /** Lines that were taken out. */
  readonly count: number;
}

/** Takes the lines of a person out of a personal file. */
export function withoutPerson(bytes: Buffer, person: string): Erased {
  // A quote within a text is escaped, so this stands nowhere but where a field has this value.
  const needles = ID_FIELDS.map((field) => ({ text: Buffer.from(`"${field}":${JSON.stringify(person)}`), at: -2 }));
  const kept: Buffer[] = [];
  let count = 0;
  for (let from = 0; ; count++) {
    for (const needle of needles) {
      // Searched for only behind what was found: a needle that is nowhere must not cost a pass for each line.
      if (needle.at !== -1 && needle.at < from) needle.at = bytes.indexOf(needle.text, from);
    }
    const at = Math.min(...needles.map((needle) => (needle.at < 0 ? bytes.length : needle.at)));
    if (at >= bytes.length) {
      if (count === 0) return { bytes, count };
      kept.push(bytes.subarray(from));
      return { bytes: Buffer.concat(kept), count };
    }
    kept.push(bytes.subarray(from, bytes.lastIndexOf(0x0a, at) + 1));
    const newline = bytes.indexOf(0x0a, at);
    from = newline < 0 ? bytes.length : newline + 1;
  }
}

/** How many bytes of a personal file belong to entries up to `lastN`: a kill may leave some of entries that never were. */
export function personalUpTo(bytes: Buffer, lastN: number): number {
  let end = bytes.lastIndexOf(0x0a) + 1;
  while (end > 0) {
    const start = end < 2 ? 0 : bytes.lastIndexOf(0x0a, end - 2) + 1;
    const n = /^\{"n":(\d{1,16}),/.exec(bytes.toString('latin1', start, Math.min(end, start + 24)))?.[1];
    if (n !== undefined && Number(n) <= lastN) break;
    end = start;
  }
  return end;
}
