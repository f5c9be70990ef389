import { promises as fs } from 'node:fs';
import { FILE_BYTES_MAX, findConfigFile } from '../config/load.js';
import { migrateConfig } from '../config/migration/migrate.js';
import { ConfigError } from '../config/problem.js';
import { EXIT, messageOf, OperatingError } from '../kit/errors.js';
import { keepCopy, writeFileAtomic } from '../kit/files/atomic-file.js';
import { readPlainFileSync } from '../kit/files/plain-file.js';
import { type CommonOptions, print } from './context.js';

export interface MigrateOptions extends CommonOptions {
  readonly write?: boolean;
}

/** `kaimon config migrate [FILE] [--write]`: shows what would change; writes only where it is told to. */
export async function migrate(named: string | undefined, options: MigrateOptions): Promise<void> {
  const file = findConfigFile(named ?? options.config, process.env);
  if (file === null) throw new OperatingError('KAIMON_USAGE', 'there is no configuration file here: name one');
  const before = readText(file);
  const { text, done } = migrateConfig(before, file);
  const written = options.write === true && done.length > 0;
  if (written) await write(file, text);
  const end =
    done.length === 0
      ? `${file}: nothing to change`
      : written
        ? `${file} was changed; as it was it is ${keptAs(file)}`
        : `${file} was left as it is: --write changes it`;
  print(options, { file, done, written, kept: written ? keptAs(file) : null, diff: diffOf(before, text) }, [
    ...done,
    ...diffOf(before, text),
    end,
  ]);
  process.exitCode = EXIT.yes;
}

const keptAs = (file: string): string => `${file}.before-migrate`;

function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readPlainFileSync(file, FILE_BYTES_MAX);
  } catch (cause) {
    throw new OperatingError('KAIMON_CONFIG_FILE', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const origin = { kind: 'file', file, line: null } as const;
    throw new ConfigError([{ path: '', origin, message: 'the text is not UTF-8: save it as UTF-8' }], { cause });
  }
}

/** With the owner and the mode that it had: the service reads it by its group. */
async function write(file: string, text: string): Promise<void> {
  const { mode, uid, gid } = await fs.stat(file);
  await keepCopy(file, keptAs(file), {});
  await writeFileAtomic(file, [text], { mode: mode & 0o777, owner: { uid, gid } });
}

/** The lines that differ, `-` before and `+` after, in order. */
export function diffOf(before: string, after: string): readonly string[] {
  const [from, to] = [before.split('\n'), after.split('\n')];
  let same = 0;
  while (same < from.length && same < to.length && from[same] === to[same]) same++;
  let end = 0;
  while (end < from.length - same && end < to.length - same && from.at(-1 - end) === to.at(-1 - end)) end++;
  const [a, b] = [from.slice(same, from.length - end), to.slice(same, to.length - end)];
  // The length of the longest common part of what begins at i and j.
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      (common[i] as Uint16Array)[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) [i, j] = [i + 1, j + 1];
    else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) lines.push(`- ${a[i++]}`);
    else lines.push(`+ ${b[j++]}`);
  }
  return lines;
}
