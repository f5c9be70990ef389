// pure

import type { AttentionFigures } from './attention.js';
import type { SpeedFigures, StartFigures, TwoProcesses } from './daemon.js';
import type { DecisionFigures } from './decision.js';
import type { EncoderFigures } from './encoders.js';
import type { Machine } from './machine.js';
import type { PeopleBenchFigures } from './people-store.js';
import type { StageFigures } from './stages.js';
import type { Timing } from './timer.js';

/** Everything that `npm run bench` measured. */
export interface BenchFigures {
  readonly machine: Machine;
  /** One-minute load averages before the daemons, before the stages and at the end. */
  readonly load: readonly number[];
  readonly openCvThreads: { readonly one: Timing; readonly all: Timing };
  readonly stages: StageFigures['stages'];
  readonly totals: StageFigures['totals'];
  readonly encoders: readonly EncoderFigures[];
  readonly decisions: readonly DecisionFigures[];
  readonly start: StartFigures;
  readonly speed: readonly SpeedFigures[];
  readonly people: readonly PeopleBenchFigures[];
}

const BEGIN = '<!-- figures of `npm run bench -- --out`: begin -->';
const END = '<!-- figures of `npm run bench -- --out`: end -->';

/** Puts the figures between the two marks. @throws RangeError when the document has not both of them once */
export function intoDocument(document: string, figures: string): string {
  const [before, inside, ...rest] = document.split(BEGIN);
  const [, after, ...more] = inside?.split(END) ?? [];
  if (before === undefined || after === undefined || rest.length > 0 || more.length > 0)
    throw new RangeError(`the document needs each of these lines once: ${BEGIN} and ${END}`);
  return `${before}${BEGIN}\n\n${figures}\n\n${END}${after}`;
}

/** Milliseconds as the tables show them. */
export const ms = (value: number) => (value < 0.1 ? value.toFixed(3) : value.toFixed(2));
const mb = (bytes: number) => (bytes / 1e6).toFixed(0);

/** Columns padded as the formatter of this repository wants them; the first is words, the others are numbers. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map(String));
  const widths = head.map((title, at) => Math.max(3, title.length, ...cells.map((row) => (row[at] ?? '').length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [head, rule, ...cells].map(line).join('\n');
}

const timing = ({ medianMs, p95Ms, cpuMs }: Timing) => [ms(medianMs), ms(p95Ms), ms(cpuMs)];

/** The figures as Markdown. */
export function report(figures: BenchFigures): string {
  const { machine, load } = figures;
  const of = `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGigabytes} GB, ${machine.arch}, Linux ${machine.linux}`;
  const versions = `Node ${machine.node}, OpenCV ${machine.openCv}, ONNX Runtime ${machine.onnxRuntime}, Kaimon ${machine.kaimon}`;
  const loads = load.map((value) => value.toFixed(1)).join(', ');
  return [
    `${of}. ${versions}. ${machine.date} UTC, load average before the daemons, before the stages and at the end: ${loads}.`,
    '### One frame of 640×480, one thread',
    stages(figures),
    totals(figures),
    '### Encoders',
    encoders(figures),
    "### The gate's decision",
    decisions(figures),
    '### The whole daemon',
    start(figures),
    speed(figures),
    '### People store',
    people(figures),
  ].join('\n\n');
}

function stages({ stages }: BenchFigures): string {
  const rows = stages.map(({ name, whole, bare }) => [
    name,
    ...timing(whole),
    bare ? ms(bare.medianMs) : '',
    bare ? ms(Math.max(0, whole.medianMs - bare.medianMs)) : '',
  ]);
  return `With one face of about 150 pixels, ${stages[0]?.whole.runs} runs each, milliseconds. "Bare" is the cascade or network alone on a ready input, "beside" what the stage costs beside it.\n\n${table(['stage', 'median', 'p95', 'CPU, mean', 'bare', 'beside'], rows)}`;
}

function totals({ totals, openCvThreads: { one, all } }: BenchFigures): string {
  const rows = totals.map(({ faces, whole }) => [`${faces} ${faces === 1 ? 'face' : 'faces'}`, ...timing(whole)]);
  return `From a frame in memory to the Observation's bytes, milliseconds:\n\n${table(['frame with', 'median', 'p95', 'CPU, mean'], rows)}\n\nHaar on one thread and on as many as there are cores: ${ms(one.medianMs)} and ${ms(all.medianMs)} ms (CPU ${ms(one.cpuMs)} and ${ms(all.cpuMs)} ms).`;
}

/** What runs in a hundred frames, everything measured on each and only what is needed. */
export function attention(figures: readonly AttentionFigures[]): string {
  const rows = figures.flatMap(({ scene, full, needed, fullMs, neededMs }) =>
    (
      [
        ['full', full, fullMs],
        ['needed', needed, neededMs],
      ] as const
    ).map(([name, runs, cpuMs]) => [
      `${scene}: ${name}`,
      ...[runs.whole, runs.cascade, runs.UltraFace, runs.landmarks, runs.encoder, runs.liveness].map((n) =>
        n.toFixed(0),
      ),
      ms(cpuMs),
    ]),
  );
  return table(
    ['a hundred frames', 'whole', 'cascade', 'UltraFace', 'landmarks', 'encoder', 'liveness', 'CPU a frame'],
    rows,
  );
}

function encoders({ encoders }: BenchFigures): string {
  const rows = encoders.map(({ name, megabytes, whole }) => [name, megabytes.toFixed(1), ...timing(whole)]);
  const [plain, decomposed] = encoders.slice(-2);
  const share = (decomposed?.whole.medianMs ?? Number.NaN) / (plain?.whole.medianMs ?? Number.NaN);
  return `One embedding, the network alone, milliseconds. The last two are one network with made-up weights, written in two ways: the decomposed one takes ${share.toFixed(2)} of the time of the plain operators.\n\n${table(['encoder', 'MB', 'median', 'p95', 'CPU, mean'], rows)}`;
}

function decisions({ decisions }: BenchFigures): string {
  const rows = decisions.map(({ people, whole }) => [people.toLocaleString('en'), ...timing(whole)]);
  return `From a parsed Observation with one face to the decision, one template a person, milliseconds:\n\n${table(['people', 'median', 'p95', 'CPU, mean'], rows)}`;
}

function start({ start: { starts, upMs, liveMs, observationMs, slowestObservationMs } }: BenchFigures): string {
  const rows = [
    ['ready (`READY=1` to systemd): door, requests and people work', upMs.toFixed(0)],
    ['the first frame has arrived', liveMs.toFixed(0)],
    ['the first Observation was decided on', observationMs.toFixed(0)],
  ];
  return `Start of \`kaimon run\` with a replayed camera, median of ${starts} starts with a warm file cache (slowest first Observation ${slowestObservationMs.toFixed(0)} ms):\n\n${table(['from the start of the process until', 'ms'], rows)}`;
}

function speed({ speed }: BenchFigures): string {
  const both = ({ gate, eye }: TwoProcesses) => [
    mb(gate.rss),
    mb(eye.rss),
    mb(gate.rss + eye.rss),
    mb(gate.pss + eye.pss),
  ];
  const names = { none: 'nobody', one: 'one face', three: 'three faces' };
  const rows = speed.flatMap(({ film, frames, framesPerSecond, memory }) => [
    [names[film], 'first', '', ...both(memory.first)],
    [names[film], frames, framesPerSecond.toFixed(1), ...both(memory.last)],
  ]);
  return `Replay at full speed, JPEG decoding on a second thread. Memory in MB; \`shared once\` counts pages of libraries that both processes map once (PSS):\n\n${table(['film', 'after frame', 'frames/s', 'gate RSS', 'eye RSS', 'both', 'both, shared once'], rows)}`;
}

function people({ people }: BenchFigures): string {
  const rows = people.map((one) => [
    `${one.people.toLocaleString('en')} × ${one.templates} × ${one.dimension}${one.sealed ? ', sealed' : ''}`,
    one.fileMegabytes.toFixed(1),
    (one.loadCpuMs / 1000).toFixed(2),
    one.loadMs.toFixed(0),
    one.writeMs.toFixed(0),
    one.writeLongestBlockMs.toFixed(0),
  ]);
  return table(
    ['people × templates × numbers', 'file, MB', 'load, CPU s', 'load, ms', 'one more saved, ms', 'longest block, ms'],
    rows,
  );
}
