import { appendFileSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, OperatingError } from '../../kit/errors.js';

const lineSchema = z.object({
  photo: z.string(),
  /** `sent`: on its way when the import ended. */
  status: z.enum(['sent', 'enrolled', 'refused', 'unanswered']),
  person: z.string(),
  code: z.string().optional(),
  message: z.string().optional(),
});
export type ReportLine = z.infer<typeof lineSchema>;

/**
 * What became of each photo, one JSON object a line, written at once: an import that was broken off goes on by it. The last line of a photo
 * counts.
 */
export class ImportReport {
  readonly #file: string;
  readonly #last = new Map<string, ReportLine>();

  /** @throws OperatingError KAIMON_PEOPLE_IMPORT where the file is something else */
  constructor(file: string) {
    this.#file = file;
    const lines = textOf(file).split('\n');
    lines.forEach((line, at) => {
      if (line.trim() === '') return;
      const parsed = parsedLine(line);
      if (parsed) this.#last.set(parsed.photo, parsed);
      // The last one may have been cut off by a power cut.
      else if (at < lines.length - 1)
        throw new OperatingError(
          'KAIMON_PEOPLE_IMPORT',
          `${file}, line ${at + 1}, is no report of an import: name another file`,
        );
    });
  }

  of(photo: string): ReportLine | undefined {
    return this.#last.get(photo);
  }

  /** @throws OperatingError KAIMON_FILE_WRITE */
  add(line: ReportLine): void {
    this.#last.set(line.photo, line);
    try {
      appendFileSync(this.#file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    } catch (cause) {
      throw new OperatingError('KAIMON_FILE_WRITE', `cannot write ${this.#file}: ${messageOf(cause)}`, { cause });
    }
  }
}

function parsedLine(line: string): ReportLine | undefined {
  try {
    return lineSchema.parse(JSON.parse(line));
  } catch {
    // The caller says what that means.
    return undefined;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return '';
    throw new OperatingError('KAIMON_PEOPLE_IMPORT', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}
