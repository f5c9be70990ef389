// pure
import type { GateFacts } from './gate-facts.js';

/** More than so much beside the clock of who looks, beyond what the way there may have taken, is told. */
const CLOCK_MAX_MS = 2_000;

/** One gate as `kaimon fleet` shows it. */
export interface FleetRow {
  readonly gate: string;
  readonly status: 'online' | 'degraded' | 'offline' | 'unknown';
  readonly version: string | null;
  readonly encoder: string | null;
  readonly door: string | null;
  readonly camera: string | null;
  readonly people: { readonly count: number; readonly hash: string; readonly revision: string } | null;
  /** The last entry of its journal. */
  readonly journal: { readonly n: number; readonly hash: string } | null;
  /** Whether version, people and journal stand as a gate of the site has signed them lately; null where nothing is known of the keys. */
  readonly signed: boolean | null;
  /** How far its clock is ahead of this machine's; null where it did not say. */
  readonly clockAheadMs: number | null;
  /** What is not well, or not as at the others; empty when all is. */
  readonly differs: readonly string[];
  readonly warnings: readonly string[];
}

export interface FleetReport {
  readonly site: string;
  /** Whether all gates are well and equal, and there is one at all. */
  readonly ok: boolean;
  readonly gates: readonly FleetRow[];
}

/** Puts the gates beside each other: who is away, not well, or different from most. */
export function fleetReport(site: string, gates: readonly GateFacts[]): FleetReport {
  // Whoever writes at the broker must not say what most gates know.
  const there = gates.filter((facts) => isThere(facts) && (facts.worth ?? 'counts') === 'counts');
  const most = {
    version: mostOf(there.map(({ info }) => info?.version)),
    encoder: mostOf(there.map(({ info }) => info?.encoder)),
    people: mostOf(there.map(({ info }) => info && `${info.people.revision} ${info.people.hash}`)),
  };
  const rows = [...gates].sort((a, b) => (a.gate < b.gate ? -1 : 1)).map((facts) => rowOf(facts, most));
  return { site, ok: rows.length > 0 && rows.every(({ differs }) => differs.length === 0), gates: rows };
}

const isThere = ({ state }: GateFacts): boolean => state !== undefined && state.status !== 'offline';

/** The value that most have; of equally many the greatest, which is the newest version. */
function mostOf(values: readonly (string | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? 1 : -1))[0]?.[0];
}

interface Most {
  readonly version: string | undefined;
  readonly encoder: string | undefined;
  readonly people: string | undefined;
}

function rowOf(facts: GateFacts, most: Most): FleetRow {
  const { gate, state, info, clock, worth, silent } = facts;
  return {
    gate,
    status: state?.status ?? 'unknown',
    version: info?.version ?? null,
    encoder: info?.encoder ?? null,
    door: state?.door ? `${state.door.state} (${state.door.mode})` : null,
    camera: state?.camera ?? null,
    people: info ? { count: info.people.count, hash: info.people.hash, revision: info.people.revision } : null,
    journal: info?.journal ? { n: info.journal.n, hash: info.journal.hash } : null,
    signed: worth === undefined ? null : worth === 'counts',
    clockAheadMs: clock?.aheadMs ?? null,
    differs: isThere(facts) ? differences(facts, most) : [silent ? SILENT : 'it is offline'],
    warnings: state?.warnings ?? [],
  };
}

function differences({ state, info, clock, worth }: GateFacts, most: Most): readonly string[] {
  const { problems = [], status } = state ?? {};
  const silent = status === 'degraded' && problems.length === 0 ? ['it is degraded and does not say why'] : [];
  const unread = info === undefined ? ['what it says of itself (info) cannot be read'] : [];
  const untrue = worth === undefined || worth === 'counts' ? [] : [WORTHLESS[worth]];
  return [
    ...problems,
    ...silent,
    ...unread,
    ...untrue,
    ...(info ? otherThanMost(info, most) : []),
    ...clockWrong(clock),
  ];
}

const SILENT =
  'it says nothing: the list of keys names it, and nothing of it stands at the broker; it was never there, or somebody cleared it';

const WORTHLESS = {
  unsigned: 'what it says of itself (info) is signed by no gate of this site: anybody may have written it',
  untimely:
    'what it says of itself (info) was not signed lately: it stands still, its clock is wrong, or somebody has put an old one back',
  old: 'what it says of itself (info) is older than what it said before: somebody has put an old one back',
} as const;

function otherThanMost(info: NonNullable<GateFacts['info']>, most: Most): readonly string[] {
  const { version, encoder, people } = info;
  return [
    ...(version === most.version ? [] : [`it has version ${version}, others ${most.version}`]),
    ...(encoder === most.encoder ? [] : [`it has the encoder ${encoder ?? 'of no name'}, others ${most.encoder}`]),
    ...(`${people.revision} ${people.hash}` === most.people
      ? []
      : [`it knows other people than most: ${people.count}, digest ${people.hash.slice(0, 8)}`]),
  ];
}

function clockWrong(clock: GateFacts['clock']): readonly string[] {
  if (clock === undefined || Math.abs(clock.aheadMs) <= CLOCK_MAX_MS + clock.exactMs) return [];
  const seconds = Math.abs(clock.aheadMs) / 1000;
  return [`its clock is ${seconds.toFixed(1)} s ${clock.aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`];
}

const COLUMNS = ['gate', 'status', 'version', 'door', 'people', 'digest', 'journal', 'clock'] as const;

/** The report for people: one line a gate, and below it what is not as it should be. */
export function fleetLines({ site, ok, gates }: FleetReport): readonly string[] {
  if (gates.length === 0) return [`no gate of the site ${site} has ever said anything at this broker`];
  const cells = [COLUMNS as readonly string[], ...gates.map(cellsOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  const [head = [], ...rows] = cells;
  return [
    line(head).trimEnd(),
    ...rows.flatMap((row, i) => [
      line(row).trimEnd(),
      ...(gates[i]?.differs ?? []).map((what) => `    → ${what}`),
      ...(gates[i]?.warnings ?? []).map((what) => `    warning: ${what}`),
    ]),
    summary(gates, ok),
  ];
}

const cellsOf = ({ gate, status, version, door, people, journal, clockAheadMs }: FleetRow): readonly string[] => [
  gate,
  status,
  version ?? '–',
  door ?? '–',
  people === null ? '–' : String(people.count),
  people === null ? '–' : people.hash.slice(0, 8),
  journal === null ? '–' : `${journal.n} ${journal.hash.slice(0, 8)}`,
  clockAheadMs === null ? '–' : `${clockAheadMs >= 0 ? '+' : '−'}${(Math.abs(clockAheadMs) / 1000).toFixed(1)} s`,
];

function summary(gates: readonly FleetRow[], ok: boolean): string {
  if (ok)
    return gates.length === 1 ? '1 gate, and it is well' : `${gates.length} gates are well, and know the same people`;
  const not = gates.filter(({ differs }) => differs.length > 0).length;
  return `${not} of ${gates.length} gates ${not === 1 ? 'is' : 'are'} not well, or not as the others`;
}
