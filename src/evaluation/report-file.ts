import { dirname } from 'node:path';
import { iso } from '../kit/clock.js';
import { writeFileAtomic } from '../kit/files/atomic-file.js';
import { systemClock } from '../kit/system-clock.js';
import { VERSION } from '../kit/version.js';
import { loadManifest } from '../models/model-files.js';
import type { Chart } from './charts/chart.js';
import { drawChart } from './charts/draw-chart.js';
import { makePlotFolder } from './charts/plot-files.js';
import { htmlOf, type Report } from './report.js';

/** Makes the report's folder, before the minutes of measuring. @throws OperatingError KAIMON_FILE_WRITE */
export const prepareReport = (file: string | undefined): void =>
  makePlotFolder(file === undefined ? undefined : dirname(file));

/** What every report says of itself: when, by which version, with which liveness networks. @param folder where networks lie that were added */
export function commonFacts(liveness: boolean, folder: string): (readonly [string, string])[] {
  const networks = loadManifest(undefined, folder)
    .models.filter(({ role }) => role === 'liveness')
    .map(({ name, sha256 }) => `${name}@${sha256.slice(0, 12)}`);
  return [
    ['made', iso(systemClock.wall())],
    ['Kaimon', `${VERSION}, Node ${process.versions.node} on ${process.platform} ${process.arch}`],
    ['liveness', liveness ? networks.join(', ') : 'off'],
  ];
}

/** Draws the charts and writes the report, in place of an earlier one. @throws OperatingError KAIMON_FILE_WRITE */
export async function writeReport(
  file: string,
  charts: readonly Chart[],
  report: (svgs: readonly string[]) => Report,
): Promise<void> {
  const svgs: string[] = [];
  for (const chart of charts) svgs.push(await drawChart(chart));
  await writeFileAtomic(file, [htmlOf(report(svgs))], { mode: 0o644 });
}
