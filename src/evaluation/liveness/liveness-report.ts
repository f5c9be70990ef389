// pure
import type { Rate } from '../figures.js';
import { asPercent, noErrors } from '../gate/gate-report.js';
import type { Report } from '../report.js';
import type { FrameFigures } from './frame-figures.js';
import type { JudgedTake, TakeFigures } from './liveness-figures.js';

/** What `evaluate liveness` measured. */
export interface LivenessResult {
  readonly frames: Readonly<Record<string, FrameFigures>>;
  /** By source and kind; none where the set names no sources. */
  readonly sources: Readonly<Record<string, Readonly<Record<string, FrameFigures>>>>;
  readonly takes: Readonly<Record<string, TakeFigures>>;
  readonly people: Readonly<Record<string, TakeFigures>>;
  readonly clips: readonly (Pick<JudgedTake, 'kind' | 'atSeconds' | 'reason'> & { readonly file: string })[];
}

/** APCER of attacks, BPCER of live faces. */
export const writtenError = (kind: string, { rate, low, high }: Rate): string =>
  `${kind === 'live' ? 'BPCER' : 'APCER'} ${asPercent(rate)} (${asPercent(low)}–${asPercent(high)})`;

const writtenCounts = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([word, n]) => `${word} ${n}`)
    .join(', ') || 'none';

/** Frames of one kind in a line. */
export const writtenFrames = (kind: string, { n, noFace, unknown, doubt, error, auc }: FrameFigures): string =>
  [
    `${n - noFace} with a face, ${noFace} without`,
    `not scored: ${writtenCounts(unknown)}`,
    `hard to judge: ${writtenCounts(doubt)}`,
    ...(auc === undefined ? [] : [`AUC ${auc.toFixed(3)}`]),
    ...(error === undefined ? [] : [writtenError(kind, error)]),
  ].join('; ');

const FRAME_HEAD = ['frames', 'without a face', 'not scored', 'hard to judge', 'AUC', 'error'];

const frameRow = (names: readonly string[], kind: string, one: FrameFigures): string[] => [
  ...names,
  String(one.n),
  String(one.noFace),
  writtenCounts(one.unknown),
  writtenCounts(one.doubt),
  one.auc === undefined ? '–' : one.auc.toFixed(3),
  one.error === undefined ? '–' : writtenError(kind, one.error),
];

/** The report of `evaluate liveness`. */
export function livenessReport(facts: Report['facts'], result: LivenessResult, charts: readonly string[]): Report {
  const { frames, sources, takes, people, clips } = result;
  const counts = (figures: Readonly<Record<string, TakeFigures>>) =>
    Object.entries(figures).map(([kind, { n, granted, error }]) => [
      kind,
      `${granted} of ${n}`,
      writtenError(kind, error),
    ]);
  const proven = Object.entries(people)
    .filter(([kind, { granted }]) => kind !== 'live' && granted === 0)
    .map(([kind, { n }]) => `${noErrors(`${kind}: no take and no clip was taken for a living face`, n)}.`);
  return {
    title: 'Kaimon and living faces: attacks and live presentations',
    facts,
    sections: [
      {
        title: 'Whole takes and clips',
        sentences: [
          'APCER: share of attacks taken for living faces. BPCER: share of living faces that were not. Intervals: 95 %, over people.',
          ...proven,
        ],
        table: {
          head: ['kind', 'granted', 'error'],
          rows: [
            ...counts(takes).map(([kind = '', ...row]) => [`${kind}, takes`, ...row]),
            ...counts(people).map(([kind = '', ...row]) => [`${kind}, people`, ...row]),
          ],
        },
      },
      ...(clips.length > 0
        ? [
            {
              title: 'Clips',
              table: {
                head: ['clip', 'kind', 'came to'],
                rows: clips.map(({ file, kind, atSeconds, reason }) => [
                  file,
                  kind,
                  atSeconds === null ? `refused: ${reason}` : `granted after ${atSeconds.toFixed(1)} s`,
                ]),
              },
            },
          ]
        : []),
      {
        title: 'Single frames',
        sentences: [
          'At the ratio below which 5 % of the living frames with a face lie; a frame without a score lies below.',
        ],
        table: {
          head: ['kind', ...FRAME_HEAD],
          rows: Object.entries(frames).map(([kind, one]) => frameRow([kind], kind, one)),
        },
        charts,
      },
      ...(Object.keys(sources).length > 0
        ? [
            {
              title: 'Single frames by source',
              sentences: [
                'Errors at the one limit of the whole set; areas against the living frames of the same source.',
              ],
              table: {
                head: ['source', 'kind', ...FRAME_HEAD],
                rows: Object.entries(sources).flatMap(([source, kinds]) =>
                  Object.entries(kinds).map(([kind, one]) => frameRow([source, kind], kind, one)),
                ),
              },
            },
          ]
        : []),
    ],
  };
}
