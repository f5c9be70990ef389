import { ZodError } from 'zod';
import { ERRORS, type OperatingCode } from '../errors/catalogue.js';
import type { ErrorKind } from '../errors/error-row.js';

/** Exit codes of the command line (docs: README, "Exit codes"). */
export const EXIT = { yes: 0, no: 1, usage: 2, input: 3, environment: 4, defect: 70 } as const;

/** What kind of trouble an {@link OperatingError} reports; decides the exit code. */
export type Trouble = 'usage' | 'input' | 'environment';

/**
 * The surroundings are not as Kaimon needs them: a file, a device, a broker, an argument.
 * The message is a sentence that a person can act on; the original error is kept as `cause`.
 * The code stands in the catalogue, which says its kind and what to do.
 */
export class OperatingError extends Error {
  override readonly name = 'OperatingError';
  readonly code: OperatingCode;
  readonly trouble: Trouble;
  /** The decision's or request's reason, where there is one, for machines. */
  readonly reason: string | undefined;

  /** @param options.trouble only where the catalogue gives the code a second kind */
  constructor(
    code: OperatingCode,
    message: string,
    options?: ErrorOptions & { readonly reason?: string; readonly trouble?: Trouble },
  ) {
    super(message, options);
    this.code = code;
    this.trouble = options?.trouble ?? troubleOf(ERRORS[code].kind);
    this.reason = options?.reason;
  }
}

const troubleOf = (kind: ErrorKind): Trouble => (kind === 'usage' || kind === 'input' ? kind : 'environment');

/** The message of anything thrown; the OpenCV binding throws strings. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return String(thrown);
}

/** A line for logs: the message followed by those of its causes, outermost first; what was said already is left out. */
export function explain(thrown: unknown): string {
  const parts: string[] = [];
  let at: unknown = thrown;
  for (let depth = 0; at !== undefined && depth < 8; depth++) {
    // Of a schema's refusal the message is a list over many lines, made for programs.
    const message = at instanceof ZodError ? faultsOf(at) : messageOf(at);
    if (!parts.some((part) => part.includes(message))) parts.push(message);
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join(': ');
}

const faultsOf = ({ issues }: ZodError): string =>
  issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; ');

/** Makes the compiler prove that every case of a union was handled. */
export function impossible(value: never): never {
  throw new Error(`impossible case: ${JSON.stringify(value)}`);
}
