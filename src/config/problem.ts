import { OperatingError } from '../kit/errors.js';

/** Where a value comes from. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number | null }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'option' };

/** One thing that is wrong with the configuration. */
export interface Problem {
  /** The key, `door.pulseMs`; empty for the configuration as a whole. */
  readonly path: string;
  readonly origin: Origin;
  /** What was found, what is allowed, or what was probably meant. Never a secret. */
  readonly message: string;
}

/** Most problems that one error lists. */
export const PROBLEMS_MAX = 50;

/** `/etc/kaimon/kaimon.yaml line 12`, `KAIMON_DOOR__PULSE_MS`, `command line` or `default`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'file':
      return origin.line === null ? origin.file : `${origin.file} line ${origin.line}`;
    case 'environment':
      return origin.variable;
    case 'option':
      return 'command line';
  }
}

const lineOf = ({ path, origin, message }: Problem): string => {
  const where = describeOrigin(origin);
  return path === '' ? `${where}: ${message}` : `${path} (${where}): ${message}`;
};

/** The configuration cannot be used. Lists everything that is wrong with it at once. */
export class ConfigError extends OperatingError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    const listed = problems.slice(0, PROBLEMS_MAX).map(lineOf);
    const more = problems.length - listed.length;
    if (more > 0) listed.push(`and ${more} more`);
    const count = problems.length === 1 ? 'one mistake' : `${problems.length} mistakes`;
    super('KAIMON_CONFIG', `the configuration has ${count}:\n  ${listed.join('\n  ')}`, options);
    this.problems = problems;
  }
}

/** A found value in words: short, printable, and without any user and password in a url. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (value !== null && typeof value === 'object') return 'a map';
  if (typeof value !== 'string') return String(value);
  const safe = value.replace(/\/\/[^/@\s]*@/g, '//…@').replace(/[\p{Cc}\p{Cf}]/gu, '?');
  return safe.length > 80 ? `${JSON.stringify(safe.slice(0, 80))}… (${value.length} characters)` : JSON.stringify(safe);
}
