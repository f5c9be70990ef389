// pure
import type { MonotonicMs } from '../../kit/clock.js';
import { seeded } from '../../kit/seeded-random.js';
import type { FaceSample } from '../../liveness/face-sample.js';
import {
  addFrame,
  LIVENESS_TRACKS_RULE,
  type LivenessTracksRule,
  NO_LIVENESS_TRACKS,
  refusalOf,
  type TrackLiveness,
} from '../../liveness/liveness-tracks.js';
import { type Rate, rateByPerson, SEED } from '../figures.js';

/** What one take or clip came to. */
export interface JudgedTake {
  readonly kind: string;
  readonly person: string;
  /** Of the first grant, from the first frame; null: none. */
  readonly atSeconds: number | null;
  /** Why it was not granted, at its end or at the first spoof. */
  readonly reason: string | null;
}

/** One look of a take, undefined where no face was found. */
export type TimedLook = { readonly atMs: MonotonicMs; readonly look: Omit<FaceSample, 'atMs'> | undefined };

/** A face unseen for so long is a new track, as at the gate. */
const LOST_MS = 1000;
const FACE = 1;

/** Runs the gate's half of liveness over one presentation: granted as soon as the verdict is live. */
export function judgeTake(
  { kind, person }: { readonly kind: string; readonly person: string },
  looks: readonly TimedLook[],
  rule: LivenessTracksRule = LIVENESS_TRACKS_RULE,
): JudgedTake {
  let tracks = NO_LIVENESS_TRACKS;
  let reason: string | null = null;
  let [track, lastMs] = [FACE, Number.NEGATIVE_INFINITY];
  const [first] = looks;
  for (const { atMs, look } of looks) {
    if (!look) continue;
    if (atMs - lastMs > LOST_MS) track += 1;
    lastMs = atMs;
    const update = addFrame(tracks, new Map([[track, { ...look, atMs }]]), atMs, rule);
    tracks = update.tracks;
    const liveness = update.byTrack.get(track);
    if (liveness?.kind === 'live')
      return { kind, person, atSeconds: first ? (atMs - first.atMs) / 1000 : 0, reason: null };
    if (reason !== 'spoof') reason = reasonOf(liveness);
  }
  return { kind, person, atSeconds: null, reason: reason ?? 'no-face' };
}

function reasonOf(liveness: TrackLiveness | undefined): string {
  const { reason } = refusalOf(liveness) ?? { reason: 'liveness-unknown' };
  return liveness?.kind === 'undecided' ? `${reason}: ${liveness.why}` : reason;
}

export interface TakeFigures {
  readonly n: number;
  readonly granted: number;
  readonly error: Rate;
}

const byKind = <T extends { readonly kind: string }>(rows: readonly T[]): [string, T[]][] =>
  [...new Set(rows.map(({ kind }) => kind))].sort().map((kind) => [kind, rows.filter((row) => row.kind === kind)]);

function errorRate(kind: string, rows: readonly { readonly person: string; readonly passed: boolean }[]): Rate {
  const people = new Map<string, [number, number]>();
  for (const { person, passed } of rows) {
    const [wrong, all] = people.get(person) ?? [0, 0];
    people.set(person, [wrong + (passed === (kind === 'live') ? 0 : 1), all + 1]);
  }
  return rateByPerson([...people.values()], seeded(SEED));
}

/** Whole takes by kind: granted when the verdict became live at any time. */
export const takeFigures = (takes: readonly JudgedTake[]): Record<string, TakeFigures> =>
  Object.fromEntries(
    byKind(takes).map(([kind, rows]) => {
      const judged = rows.map(({ person, atSeconds }) => ({ person, passed: atSeconds !== null }));
      const granted = judged.filter(({ passed }) => passed).length;
      return [kind, { n: rows.length, granted, error: errorRate(kind, judged) }];
    }),
  );

/** People by kind: a person's attack succeeded when one of the takes did; a live person is refused when all were. */
export function peopleFigures(takes: readonly JudgedTake[]): Record<string, TakeFigures> {
  const people = new Map<string, JudgedTake>();
  for (const take of takes) {
    const key = `${take.kind} ${take.person}`;
    if (take.atSeconds !== null || !people.has(key)) people.set(key, take);
  }
  return takeFigures([...people.values()]);
}
