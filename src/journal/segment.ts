// pure
/** The names of the journal's files (a segment is named by the number of its first entry), and how bytes are split into lines. */

/** Segments of one journal, at most: one a day for ten years, and as many again for the size limit. */
export const SEGMENTS_MAX = 20_000;
/** Larger files are not read: the largest segment that the configuration allows, and one batch. */
export const FILE_BYTES_MAX = 65 * 1024 * 1024;
export const PERSONAL_FOLDER = 'personal';

export const segmentName = (first: number): string => `${String(first).padStart(12, '0')}.jsonl`;
export const personalName = (segment: string): string => `${PERSONAL_FOLDER}/${segment}`;
/** Where the bytes of a torn line are set aside; `n` is the number of the entry that notes it. */
export const tornName = (segment: string, n: number): string =>
  `${segment.slice(0, 12)}.torn-${String(n).padStart(12, '0')}`;

/** Whether it is a temporary file of kit/atomic-file, which was to replace another one. */
export const isTemp = (name: string): boolean => /(?:^|\/)\.[^/]+\.[0-9a-f]{12}\.tmp$/.test(name);

/** The number of the first entry of a segment, undefined for the name of another file. */
export const firstOf = (name: string): number | undefined =>
  /^\d{12}\.jsonl$/.test(name) ? Number(name.slice(0, 12)) : undefined;

/** The number of the entry that notes the repair after which a torn line was set aside; undefined for the name of another file. */
export function notedBy(name: string): number | undefined {
  const digits = /^\d{12}\.torn-(\d{12})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export interface Lines {
  /** Whole lines, without their newline. */
  readonly lines: readonly Buffer[];
  /** Bytes after the last newline: a line that is being written, or that a kill cut off. */
  readonly torn: number;
}

export function splitLines(bytes: Buffer): Lines {
  const lines: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, from)) {
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return { lines, torn: bytes.length - from };
}

/** Bytes of one batch, at most: a power cut can damage no more than this. */
export const BATCH_BYTES_MAX = 512 * 1024;

/**
 * How many bytes of the newest segment are whole. A kill leaves a line without its newline; a power cut may leave NUL
 * bytes, which no line holds, where the last batch should be. Other damage does not come from a kill or a power cut.
 */
export function wholeBytes(bytes: Buffer): number {
  const nul = bytes.indexOf(0);
  const end = nul < 0 ? bytes.length : nul;
  const whole = bytes.lastIndexOf(0x0a, Math.max(0, end - 1)) + 1;
  const cut = end === 0 ? 0 : whole;
  // NUL bytes far from the end are other damage: they stay, so that a check finds them.
  return bytes.length - cut <= BATCH_BYTES_MAX ? cut : bytes.lastIndexOf(0x0a) + 1;
}
