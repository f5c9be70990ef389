import { Command, Option } from 'commander';
import { readSecret, SECRET_BYTES_MAX, secretPath } from '../config/secret.js';
import { archiveFaults } from '../journal/archive/archive-check.js';
import { ARCHIVES, archiveFolder, erasedInArchive } from '../journal/archive/archives.js';
import { type AuditReport, auditJournal, missing, segmentNames } from '../journal/audit/audit.js';
import { CSV_HEADER, csvOf } from '../journal/audit/csv.js';
import { type EntryFilter, queryEntries, type RecordedEntry } from '../journal/audit/query.js';
import type { Seam } from '../journal/audit/seam.js';
import { FileDisk, journalFolder } from '../journal/file-disk.js';
import type { SignatureCheck } from '../journal/head.js';
import { journalLines } from '../journal/open-journal.js';
import { signatureCheckOf } from '../journal/signing.js';
import { EXIT, messageOf, OperatingError } from '../kit/errors.js';
import { readPlainFileSync } from '../kit/files/plain-file.js';
import { systemClock } from '../kit/system-clock.js';
import { type CommonOptions, type Context, contextOf, example, print } from './context.js';
import { wholeNumber } from './options.js';

interface FilterOptions extends CommonOptions {
  readonly since?: string;
  readonly person?: string;
  readonly type?: string;
  readonly archive?: string;
}

/** Most entries that `show` holds at once. */
const SHOW_MAX = 100_000;

/** `kaimon audit …`: the journal, also while the daemon writes it. */
export function auditCommand(): Command {
  const command = new Command('audit').description('check, show and export the journal');
  command
    .command('verify')
    .description('whether no line of the journal was changed, taken out, doubled or moved; exit code 1 where one was')
    .option('--key <file>', "the public (or private) key of the journal's head, in PEM; otherwise journal.keyFile")
    .addOption(archiveOption())
    .addHelpText('after', example('kaimon audit verify', 'kaimon audit verify --key journal.pub --json'))
    .action(verify);
  withFilters(command.command('show'))
    .description('the newest entries')
    .option('--limit <n>', 'so many of them', wholeNumber(1, SHOW_MAX), 50)
    .addHelpText('after', example('kaimon audit show --since 24h --type refused'))
    .action(show);
  withFilters(command.command('export'))
    .description('all entries, oldest first, on standard output: one JSON document a line, or CSV')
    .option('--csv', 'as CSV for a spreadsheet')
    .addHelpText('after', example('kaimon audit export --csv --since 2026-11-01 > november.csv'))
    .action(exportAll);
  return command;
}

const withFilters = (command: Command): Command =>
  command
    .option('--since <when>', 'a time (2026-11-24, 2026-11-24T08:00:00Z) or an age (90m, 24h, 7d)')
    .option('--person <id>', 'only entries that name this person, by id or name')
    .option('--type <type>', 'only entries of this type, such as granted or refused')
    .addOption(archiveOption());

/** A journal that a restore has brought or replaced. */
const archiveOption = (): Option =>
  new Option(
    '--archive <name>',
    'of a journal in journal-archive, which "audit verify" names, in place of the gate\'s own',
  );

async function verify(_options: unknown, self: Command): Promise<void> {
  const options = self.optsWithGlobals<CommonOptions & { readonly key?: string; readonly archive?: string }>();
  const context = contextOf(options);
  const disk = diskOf(context, options.archive);
  const erasedBeside = options.archive === undefined ? 0 : await erasedInArchive(disk);
  const check = keyOf(context, options.key, options.archive);
  const report = await auditJournal(disk, { check, erasedBeside, seals: journalLines(context.vault) });
  const archives = await archiveFaults(context.paths.state, options.archive);
  const ok = report.ok && archives.length === 0;
  print(options, { ...report, ok, archives }, [...archives, ...linesOf(report, archives)]);
  process.exitCode = ok ? EXIT.yes : EXIT.no;
}

async function show(_options: unknown, self: Command): Promise<void> {
  const options = self.optsWithGlobals<FilterOptions & { readonly limit: number }>();
  const newest: RecordedEntry[] = [];
  for await (const recorded of entriesOf(options)) {
    newest.push(recorded);
    if (newest.length >= 2 * options.limit) newest.splice(0, options.limit);
  }
  const shown = newest.slice(-options.limit);
  print(options, shown.map(flat), [...shown.map(lineOf), `${shown.length} entries`]);
}

async function exportAll(_options: unknown, self: Command): Promise<void> {
  const options = self.optsWithGlobals<FilterOptions & { readonly csv?: boolean }>();
  if (options.csv) await write(CSV_HEADER);
  for await (const recorded of entriesOf(options))
    await write(options.csv ? csvOf(recorded) : `${JSON.stringify(flat(recorded))}\n`);
}

/** Waits where the reader is slower: a journal may be larger than the memory. */
const write = (text: string): Promise<void> =>
  new Promise((resolve) => {
    if (process.stdout.write(text)) resolve();
    else process.stdout.once('drain', resolve);
  });

async function* entriesOf(options: FilterOptions): AsyncGenerator<RecordedEntry> {
  const { person, type } = options;
  const filter: EntryFilter = { person, type, sinceMs: sinceOf(options.since) };
  const context = contextOf(options);
  const disk = diskOf(context, options.archive);
  if ((await segmentNames(disk)).length === 0) throw missing(disk.folder);
  yield* queryEntries(disk, filter, journalLines(context.vault));
}

function diskOf({ paths }: Context, archive: string | undefined): FileDisk {
  if (archive === undefined) return new FileDisk(journalFolder(paths.state));
  if (/^[a-z0-9_][a-z0-9_.-]*$/.test(archive)) return new FileDisk(archiveFolder(paths.state, archive));
  throw new OperatingError('KAIMON_USAGE', `--archive ${archive}: the name of a folder in ${ARCHIVES} is needed`);
}

function sinceOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined)
    return systemClock.wall() - Number(count) * (unit === 'd' ? 24 * 60 : unit === 'h' ? 60 : 1) * 60_000;
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(ms)) return ms;
  const why = `--since ${text}: a time such as 2026-11-24 or 2026-11-24T08:00:00Z, or an age such as 90m, 24h or 7d is needed`;
  throw new OperatingError('KAIMON_USAGE', why);
}

function keyOf({ config }: Context, option: string | undefined, archive?: string): SignatureCheck | undefined {
  if (option !== undefined) return signatureCheckOf(readKey(option), option);
  const { keyFile } = config.journal;
  // An archive may be another gate's, which has a key of its own.
  if (keyFile === null || archive !== undefined) return undefined;
  const path = secretPath(keyFile, process.env);
  return signatureCheckOf(readSecret(keyFile, 'journal.keyFile', process.env), path);
}

export function readKey(file: string): Buffer {
  try {
    return readPlainFileSync(file, SECRET_BYTES_MAX);
  } catch (cause) {
    throw new OperatingError('KAIMON_FILE_READ', `cannot read ${file} (--key): ${messageOf(cause)}`, {
      cause,
    });
  }
}

const flat = ({ entry, personal, locked }: RecordedEntry) => ({
  ...entry,
  personal: personal ?? null,
  ...(locked && { sealed: true }),
});

/** An entry for people. */
export function lineOf({ entry, personal, locked }: RecordedEntry): string {
  const { n, time, type, fields, commitment } = entry;
  const who = personal ? pairs(personal) : commitment === undefined ? '' : locked ? '(sealed)' : '(erased)';
  return [String(n).padStart(7), time, type.padEnd(10), who, pairs(fields)].filter((part) => part !== '').join('  ');
}

const pairs = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(' ');

function linesOf(report: AuditReport, archives: readonly string[]): readonly string[] {
  const { faults, moreFaults, notes, personal, head, torn, seams } = report;
  const range = report.entries > 0 ? `, ${report.first} to ${report.last}` : '';
  return [
    ...faults.map(
      ({ file, line, n, text, kind }) => `${kind}: ${file}${line > 0 ? ` line ${line}` : ''} (entry ${n}): ${text}`,
    ),
    ...(moreFaults > 0 ? [`… and ${moreFaults} more`] : []),
    ...(torn
      ? [`${torn.file} line ${torn.line} is unfinished (${torn.bytes} bytes): being written, or torn by a kill`]
      : []),
    `${report.entries} entries${range} in ${report.segments} files; ${personal.kept} name somebody, ${personal.erased} did until they were erased${personal.locked > 0 ? `; ${personal.locked} are sealed with a key that was not given (--seal-key FILE) and were not compared` : ''}`,
    `noted: ${notes.repaired} repairs, ${notes.gaps} gaps with ${notes.lost} entries lost, ${notes.purges} purges`,
    ...seams.map(seamLine),
    `head: entry ${head?.n ?? '–'} ${head?.hash ?? ''}, signature ${report.signature}`,
    report.ok ? 'the chain is whole' : 'the chain is broken',
    ...(archives.length > 0 ? ['not all archives that it names are there and whole'] : []),
  ];
}

function seamLine({ n, gate, backup, continues, lastN, archive, archivedN }: Seam): string {
  const from = continues
    ? `goes on from entry ${lastN} of the backup of ${backup}`
    : `the backup of gate ${gate} of ${backup} was restored`;
  return `seam: entry ${n}: ${from}${archive === null ? '' : `; the journal to entry ${archivedN} is kept: --archive ${archive}`}`;
}
