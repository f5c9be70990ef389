import { describe, expect, test } from 'vitest';
import { grantsChart, scoresChart } from '../../src/evaluation/charts/approach-charts.js';
import { drawChart } from '../../src/evaluation/charts/draw-chart.js';
import type { JudgedApproach } from '../../src/evaluation/gate/approaches.js';
import { gateFigures } from '../../src/evaluation/gate/gate-figures.js';
import { gateReport } from '../../src/evaluation/gate/gate-report.js';
import { frameFigures } from '../../src/evaluation/liveness/frame-figures.js';
import { peopleFigures, takeFigures } from '../../src/evaluation/liveness/liveness-figures.js';
import { livenessReport } from '../../src/evaluation/liveness/liveness-report.js';
import { htmlOf } from '../../src/evaluation/report.js';

const EVIL = `<script src="https://example.org/x.js">alert('&')</script>`;
const approach = (change: Partial<JudgedApproach>): JudgedApproach => ({
  name: EVIL,
  kind: 'live',
  person: EVIL,
  timed: true,
  frames: 9,
  inARow: 9,
  grants: [{ person: EVIL, seconds: 1.5, frames: 12 }],
  refusedAfter: null,
  reason: null,
  ...change,
});

/** What would make a browser fetch or run something; the names of XML's own spaces are no addresses. */
const OUTSIDE = /<script|<link|<img|<iframe|<[^>]*\s(src|on[a-z]+)=|@import|url\((?!#)|href="(?!#)/i;

describe('a report', () => {
  test('of the gate is one file that fetches and runs nothing, whatever the files are called', async () => {
    const groups = {
      probes: [approach({})],
      strangers: [approach({ person: 'eve' })],
      attacks: [approach({ kind: 'print', grants: [], reason: EVIL })],
    };
    const chart = await drawChart(grantsChart(groups.probes, [...groups.strangers, ...groups.attacks], [EVIL]));
    const html = htmlOf(gateReport([['set', EVIL]], gateFigures(groups, 3, new Set([EVIL])), groups, [chart]));
    expect(html).not.toMatch(OUTSIDE);
    expect(html).not.toContain(EVIL);
    expect(html).toContain('&lt;script src=&quot;https://example.org/x.js&quot;&gt;alert(&#39;&amp;&#39;)');
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(html).toContain('<svg');
    for (const title of ['Errors', 'Times to the grant', 'Enrolled people', 'Strangers let in', 'Attacks'])
      expect(html).toContain(`<h2>${title}</h2>`);
    expect(html).toContain('let in after 1.5 s');
  });

  test('of liveness has errors by kind, videos, what a count of no errors proves, and a chart of the scores', async () => {
    const still = (kind: string, llr: number) => ({
      kind,
      person: 'ada',
      source: '',
      liveness: { kind: 'scored', llr } as const,
    });
    const stills = [still('live', 4), still('print', -6), still('print', 5)];
    const takes = [
      { kind: 'live', person: 'ada', atSeconds: 1.2, reason: null },
      { kind: 'print', person: 'ada', atSeconds: null, reason: 'spoof' },
    ];
    const result = {
      frames: frameFigures(stills),
      sources: {},
      takes: takeFigures(takes),
      people: peopleFigures(takes),
      clips: [{ file: EVIL, kind: 'replay', atSeconds: null, reason: 'spoof' }],
    };
    const limits = [{ llr: 4.5, label: 'alive' }];
    const scores = (wanted: string) => stills.flatMap(({ kind, liveness }) => (kind === wanted ? [liveness] : []));
    const chart = await drawChart(scoresChart(scores('live'), scores('print'), limits, []));
    const html = htmlOf(livenessReport([], result, [chart]));
    expect(html).not.toMatch(OUTSIDE);
    expect(html).toContain('APCER 50.0 %');
    expect(html).toContain('print: no take and no clip was taken for a living face; 1 people are too few');
    expect(html).toContain('refused: spoof');
  });

  test('shortens long lists and says so', () => {
    const probes = Array.from({ length: 250 }, () => approach({}));
    const groups = { probes, strangers: undefined, attacks: undefined };
    const html = htmlOf(gateReport([], gateFigures(groups, 3, new Set()), groups, []));
    expect(html).toContain('The first 200 of 250');
    expect(html.match(/let in after/g)).toHaveLength(200);
  });
});

describe('the chart of grants', () => {
  test('rises with each approach that was let in, up to its share', () => {
    const own = [
      approach({}),
      approach({ grants: [{ person: 'ada', seconds: 7, frames: 50 }] }),
      approach({ grants: [] }),
    ];
    const { lines, x } = grantsChart(own, [approach({ grants: [] })], []);
    expect(lines[0]?.points).toEqual([
      [0, 0],
      [1.5, 0],
      [1.5, 1 / 3],
      [7, 1 / 3],
      [7, 2 / 3],
      [7, 2 / 3],
    ]);
    expect(lines[1]?.points.at(-1)).toEqual([7, 0]);
    expect(x.to).toBe(7);
  });
});
