import { expect, test } from 'vitest';
import { Endings } from '../../src/kit/endings.js';
import { reportRun } from '../../src/report/open-reports.js';
import type { Reporter } from '../../src/report/reporter.js';

test('the stop is reported and written before the site stops, so that requests are answered until then', async () => {
  const endings = new Endings();
  const steps: string[] = [];
  let written = (): void => undefined;
  const disk = new Promise<void>((resolve) => (written = resolve));
  const reporter = { started: () => steps.push('started'), stopped: () => steps.push('stopped') };
  await endings.open(
    'the site',
    () => undefined,
    () => steps.push('the site'),
  );
  const facts = { version: '0.1.0', encoder: 'test@000000000000', people: { count: 0, revision: '', hash: '' } };
  const reports = {
    reporter: reporter as unknown as Reporter,
    written: () => disk.then(() => steps.push('written')).then(() => undefined),
  };
  await reportRun({ endings }, reports, facts);
  const closed = endings.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(steps).toEqual(['started', 'stopped']);
  written();
  await closed;
  expect(steps).toEqual(['started', 'stopped', 'written', 'the site']);
});
