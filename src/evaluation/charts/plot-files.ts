import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, OperatingError } from '../../kit/errors.js';
import { writeFileAtomic } from '../../kit/files/atomic-file.js';
import type { Chart } from './chart.js';
import { drawChart } from './draw-chart.js';

/** Makes the folder for charts, before the minutes of measuring. @throws OperatingError KAIMON_FILE_WRITE */
export function makePlotFolder(folder: string | undefined): void {
  if (folder === undefined) return;
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new OperatingError('KAIMON_FILE_WRITE', `cannot make the folder ${folder} for charts: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Draws charts by file name into the folder, in place of earlier ones. @returns the files */
export async function writePlots(folder: string, charts: Readonly<Record<string, Chart>>): Promise<string[]> {
  const files: string[] = [];
  for (const [name, chart] of Object.entries(charts)) {
    const file = join(folder, name);
    await writeFileAtomic(file, [await drawChart(chart)], { mode: 0o644 });
    files.push(file);
  }
  return files;
}
