import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { EXIT, OperatingError } from '../../kit/errors.js';
import { systemClock } from '../../kit/system-clock.js';
import { randomId } from '../../person/new-id.js';
import { nameSchema } from '../../site/topics.js';
import { type CommonOptions, type Context, print } from '../context.js';
import { wholeNumber } from '../options.js';
import { ProgressLine } from '../progress.js';
import { signingKeyOf } from '../sign.js';
import { GateClient } from './gate-client.js';
import { readPhotoList } from './import-list.js';
import { importPhotos, inFlightFor } from './import-photos.js';
import { ImportReport } from './import-report.js';

/** What an import of photos takes besides its source. */
export interface ImportOptions extends CommonOptions {
  readonly gate?: string;
  readonly report?: string;
  readonly key?: string;
  readonly inFlight: number;
}

const IN_FLIGHT = 16;
/** As a shell has it after Ctrl-C. */
const EXIT_INTERRUPTED = 130;

/** Adds the options of {@link importByGate}. */
export const addImportOptions = (command: Command): Command =>
  command
    .option('--gate <name>', "photos: the gate that enrols, in place of the configuration's")
    .option('--key <file>', 'photos: the private key of who enrols, where the site has keys')
    .option(
      '--report <file>',
      'photos: what became of each, JSON lines; an import goes on by it (default: beside the source)',
    )
    .option('--in-flight <n>', 'photos: how many the gate is given at a time', wholeNumber(1, 128), IN_FLIGHT);

/**
 * Enrols photos through a running gate. Ends with exit code 0 where all are enrolled, 1 where some were refused.
 * @throws OperatingError KAIMON_GATE_SILENT where the gate gave no answer: the same command goes on
 */
export async function importByGate({ config, log }: Context, source: string, options: ImportOptions): Promise<void> {
  const gate = options.gate ?? config.gate;
  if (!nameSchema.safeParse(gate).success)
    throw new OperatingError('KAIMON_USAGE', `--gate: "${gate}" is no name of a gate`);
  const people = readPhotoList(source);
  const photos = people.flatMap((person) => person.photos);
  const reportFile = options.report ?? `${source.replace(/\/+$/, '')}.import.jsonl`;
  const report = new ImportReport(reportFile);
  const key = options.key === undefined ? undefined : signingKeyOf(options.key);
  const by = `cli:${userInfo().username}`.slice(0, 64);
  const { client, limits } = await GateClient.connect(config, gate, { by, key }, systemClock, log);
  const known = photos.filter(({ name }) => report.of(name)?.status === 'enrolled').length;
  const progress = new ProgressLine('enrolling', photos.length, known);
  const stop = new AbortController();
  // The second one ends it at once.
  const ctrlC = () => {
    stop.abort();
    process.stderr.write('\nwaiting for the answers that are on their way; Ctrl-C once more ends it at once\n');
  };
  process.once('SIGINT', ctrlC);
  const began = systemClock.monotonic();
  const counts = await importPhotos({
    people,
    ask: (args) => client.ask('enroll', args),
    limits,
    inFlight: inFlightFor(options.inFlight, largestOf(photos), limits),
    report,
    newId: () => randomId(() => false, randomBytes),
    onPhoto: (known) => (known ? progress.stepKnown() : progress.step()),
    stop: stop.signal,
  }).finally(() => {
    process.off('SIGINT', ctrlC);
    return client.end();
  });
  progress.done();
  const seconds = (systemClock.monotonic() - began) / 1000;
  const { enrolled, before, refused, unanswered, reasons } = counts;
  const rate = enrolled + refused > 0 ? `; ${((enrolled + refused) / seconds).toFixed(1)} photos a second` : '';
  print(options, { ...counts, report: reportFile, seconds: Number(seconds.toFixed(1)) }, [
    `${enrolled} enrolled, ${before} were enrolled before, ${refused} refused, ${unanswered} without an answer${rate}`,
    ...Object.entries(reasons).map(([code, count]) => `  ${code}: ${count}`),
    `what became of each photo: ${reportFile}`,
  ]);
  if (stop.signal.aborted && unanswered > 0) {
    process.stderr.write(`interrupted: ${unanswered} photos are left; the same command goes on with them\n`);
    process.exitCode = EXIT_INTERRUPTED;
    return;
  }
  if (unanswered > 0)
    throw new OperatingError(
      'KAIMON_GATE_SILENT',
      `${unanswered} photos have no answer; the same command goes on with them`,
    );
  process.exitCode = refused > 0 ? EXIT.no : EXIT.yes;
}

function largestOf(photos: readonly { readonly file: string }[]): number {
  return photos.reduce((most, { file }) => Math.max(most, statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}
