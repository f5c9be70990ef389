import { expect, test } from 'vitest';
import { Endings } from '../../src/kit/endings.js';
import { reportRun } from '../../src/report/open-reports.js';
import type { Reporter } from '../../src/report/reporter.js';

const NOBODY = { count: 0, revision: '', hash: '' };

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
  const facts = { version: '0.1.0', encoder: 'test@000000000000', people: Promise.resolve(NOBODY) };
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

test('nothing waits until the people are counted; a stop before that is reported after the start', async () => {
  const endings = new Endings();
  const steps: string[] = [];
  let counted = (_people: typeof NOBODY): void => undefined;
  const people = new Promise<typeof NOBODY>((resolve) => (counted = resolve));
  const reporter = {
    started: (facts: { people: typeof NOBODY }) => steps.push(`started with ${facts.people.count}`),
    stopped: () => steps.push('stopped'),
  };
  const reports = { reporter: reporter as unknown as Reporter, written: () => Promise.resolve() };
  const { started } = await reportRun({ endings }, reports, { version: '0.1.0', encoder: 'test@000000000000', people });
  const closed = endings.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(steps).toEqual([]);
  counted({ ...NOBODY, count: 3 });
  await Promise.all([started, closed]);
  expect(steps).toEqual(['started with 3', 'stopped']);
});
