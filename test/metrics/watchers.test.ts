import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { LABEL_VALUES, METRICS, type MetricRow } from '../../src/metrics/catalogue.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const rules = z
  .strictObject({
    groups: z.array(
      z.strictObject({
        name: z.string(),
        rules: z.array(
          z.strictObject({
            alert: z.string().regex(/^Kaimon[A-Za-z]+$/),
            expr: z.string(),
            for: z.string().optional(),
            labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
            annotations: z.strictObject({ summary: z.string(), description: z.string().optional() }),
          }),
        ),
      }),
    ),
  })
  .parse(parse(read('config/prometheus/kaimon.rules.yml')))
  .groups.flatMap((group) => group.rules);

const dashboard = z
  .object({
    title: z.string(),
    uid: z.string(),
    schemaVersion: z.int().max(37),
    templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.unknown() })) }),
    panels: z.array(
      z.object({
        id: z.int(),
        type: z.string(),
        title: z.string(),
        gridPos: z.object({ x: z.int(), y: z.int(), w: z.int().min(1), h: z.int().min(1) }),
        targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).optional(),
      }),
    ),
  })
  .parse(JSON.parse(read('config/grafana/kaimon.json')));

const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);

/** Names and labels that an expression asks for and that no gate has; what it asks for of Prometheus' own is left out. */
function unknownIn(expr: string): readonly string[] {
  return [...expr.matchAll(/\b(kaimon_\w+)(?:\{([^}]*)\})?/g)].flatMap(([, series = '', matchers = '']) => {
    const name = series.replace(/_(bucket|sum|count)$/, '');
    const row = (METRICS as Readonly<Record<string, MetricRow>>)[isWhole(series) ? series : name];
    if (row === undefined || (series !== name && !isWhole(series) && row.kind !== 'histogram')) return [series];
    return [...matchers.matchAll(/(\w+)=~?"([^"]*)"/g)].flatMap(([, label = '', value = '']) => {
      if (label === 'instance') return [];
      const values: readonly string[] = (LABEL_VALUES as Readonly<Record<string, readonly string[]>>)[label] ?? [];
      const has = (row.labels ?? []).includes(label) && values.includes(value);
      return has ? [] : [`${series}{${label}="${value}"}`];
    });
  });
}

/** `kaimon_journal_bytes_count` would be a part of a histogram, unless a metric has that very name. */
const isWhole = (series: string): boolean => series in METRICS;

/** Labels by which an expression groups, or that a text names. */
const labelsIn = (text: string) => [
  ...[...text.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(',').map((label) => label.trim())),
  ...[...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label = '']) => label),
];
const LABELS = new Set([
  'instance',
  'le',
  ...Object.values(METRICS as Readonly<Record<string, MetricRow>>).flatMap(({ labels = [] }) => labels),
]);

describe('alert rules', () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s asks for what a gate tells',
    (_name, { expr, annotations }) => {
      expect(unknownIn(expr)).toEqual([]);
      const named = labelsIn(`${expr} ${Object.values(annotations).join(' ')}`);
      expect(named.filter((label) => !LABELS.has(label) && label !== 'value')).toEqual([]);
    },
  );

  test('have names of their own', () => {
    const names = rules.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each([
    'kaimon_nothing == 1',
    'kaimon_door_alarm{alarm="gone"} == 1',
    'kaimon_door_alarm{colour="forced"} == 1',
    'rate(kaimon_people_bucket[5m])',
  ])('would be found out: %s', (expr) => expect(unknownIn(expr)).toHaveLength(1));
});

describe('the dashboard', () => {
  test.each(queries)('%s asks for what a gate tells: %s', (_title, expr) => {
    expect(expr).toMatch(/kaimon_/);
    expect(unknownIn(expr)).toEqual([]);
    expect(labelsIn(expr).filter((label) => !LABELS.has(label))).toEqual([]);
  });

  test('names in its legends only labels that there are', () => {
    const legends = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ legendFormat }) => legendFormat));
    expect(labelsIn(legends.join(' ')).filter((label) => !LABELS.has(label))).toEqual([]);
  });

  test('shows every metric of a gate', () => {
    const shown = queries.map(([, expr]) => expr).join(' ');
    const missing = Object.keys(METRICS).filter(
      (name) => !new RegExp(`\\b${name}(_bucket|_sum|_count)?\\b`).test(shown),
    );
    expect(missing).toEqual([]);
  });

  test('has panels with numbers of their own that do not lie on each other', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [at, { gridPos: a, title }] of panels.entries())
      for (const { gridPos: b } of panels.slice(at + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart, title).toBe(true);
      }
  });
});

test('docs/watching.md has every metric in a row, as the catalogue has it', () => {
  const rows = [...read('docs/watching.md').matchAll(/^\| `(kaimon_\w+)` *\| (\w+) *\| (.*?) *\| (.*?) *\|$/gm)];
  expect(rows.map(([, name, kind, labels, help]) => [name, kind, labels, help])).toEqual(
    Object.entries(METRICS).map(([name, row]: [string, MetricRow]) => [
      name,
      row.kind,
      (row.labels ?? []).map((label) => `\`${label}\``).join(' '),
      row.help,
    ]),
  );
});

const promtool = spawnSync('promtool', ['--version']).status === 0;
test.skipIf(!promtool)(
  `promtool accepts the rules, and they fire when they must${promtool ? '' : ' (it is not installed)'}`,
  () => {
    execFileSync('promtool', ['check', 'rules', join(root, 'config/prometheus/kaimon.rules.yml')]);
    execFileSync('promtool', ['test', 'rules', join(root, 'test/metrics/kaimon.rules.promtool.yml')]);
  },
);
