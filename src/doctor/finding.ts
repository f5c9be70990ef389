// pure
/** One thing that was looked at. */
export interface Finding {
  /** `disk`, `camera`. */
  readonly what: string;
  readonly result: 'ok' | 'warning' | 'problem';
  /** What was found, in a sentence. */
  readonly text: string;
  /** What to do, as an order; only where something is to be done. */
  readonly advice?: string;
}

/** What came of one look. */
export interface Checked {
  readonly findings: readonly Finding[];
  /** By name with its unit, for machines: `freeBytes`. */
  readonly numbers?: Readonly<Record<string, number>>;
}

/** What a program printed may have several lines; a finding has one. */
const oneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, '; ');

export const ok = (what: string, text: string): Finding => ({ what, result: 'ok', text: oneLine(text) });

export const warning = (what: string, text: string, advice?: string): Finding => ({
  what,
  result: 'warning',
  text: oneLine(text),
  ...(advice !== undefined && { advice }),
});

export const problem = (what: string, text: string, advice?: string): Finding => ({
  ...warning(what, text, advice),
  result: 'problem',
});

export const findings = (...found: readonly Finding[]): Checked => ({ findings: found });
