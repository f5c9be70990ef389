import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draftOf } from '../../src/journal/batch.js';
import { iso, wallMs } from '../../src/kit/clock.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { COUNT_MS, type SyncReports, SyncTrace } from '../../src/report/sync-trace.js';
import { type SyncedRecord, syncedBatches, syncedEntry } from '../../src/report/synced-batches.js';
import { someone } from '../person/sample.js';
import { version } from '../store/sample.js';

const turns = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

function tracing(kept = true) {
  const clock = new ManualClock();
  const [counted, listed, unlisted]: unknown[][] = [[], [], []];
  const batches: (readonly SyncedRecord[])[] = [];
  let open = 0;
  let most = 0;
  const reports: SyncReports = {
    synced: (counts) => void counted?.push(counts),
    async syncedRecords(records) {
      most = Math.max(most, ++open);
      batches.push(records);
      await Promise.resolve();
      open--;
      return kept;
    },
    syncedUnlisted: (counts) => void unlisted?.push(counts),
  };
  const trace = new SyncTrace(clock, reports);
  const note = (id: string, removed = false, origin: 'site' | 'local' | 'file' = 'site') =>
    trace.note({ id, person: removed ? undefined : someone(id, [0]), version: version(1), by: 'office', origin });
  return { clock, trace, note, counted, listed, unlisted, batches, most: () => most };
}

describe('people taken over from other gates', () => {
  test('are reported each by itself, with id, version and author; those changed here are not', async () => {
    const { clock, note, counted, batches } = tracing();
    note('ada', false, 'local');
    note('ada', false, 'file');
    clock.advance(COUNT_MS);
    expect(counted).toEqual([]);
    note('ada');
    note('eve', true);
    clock.advance(COUNT_MS);
    await turns();
    expect(counted).toEqual([{ changed: 1, removed: 1 }]);
    expect(batches.map((batch) => syncedEntry(batch))).toEqual([
      {
        type: 'people-synced',
        fields: { changed: 1, removed: 0, version: version(1) },
        personal: { person: 'ada', by: 'office' },
      },
      {
        type: 'people-synced',
        fields: { changed: 0, removed: 1, version: version(1) },
        personal: { person: 'eve', by: 'office' },
      },
    ]);
  });

  test('50,000 at a time are listed together, some entries at a time, and none is left out', async () => {
    const { clock, note, batches, most, unlisted, trace } = tracing();
    for (let i = 0; i < 50_000; i++) note(`p${i}`, i % 10 === 0);
    clock.advance(COUNT_MS);
    await trace.close();
    expect(new Set(batches.flat().map(({ id }) => id)).size).toBe(50_000);
    expect(batches.length).toBeLessThanOrEqual(50_000 / 16 + 2);
    expect(most()).toBeLessThanOrEqual(32);
    expect(unlisted).toEqual([]);
  });

  test('a journal that does not keep up is given time, and more than it can be told are counted', async () => {
    const { clock, note, batches, unlisted, trace } = tracing(false);
    for (let i = 0; i < 100_001; i++) note(`p${i}`);
    clock.advance(COUNT_MS);
    await turns();
    expect(batches.length).toBe(32);
    clock.advance(10_000);
    await turns();
    expect(batches.length).toBe(64);
    // The end does not wait.
    await trace.close();
    expect(unlisted).toEqual([{ changed: 1, removed: 0 }]);
  });

  test('fit in a line of the journal whatever they are called', () => {
    const id = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/);
    const by = fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 }), { nil: undefined });
    const made = fc.record({ id, by, version: fc.constant(version(1, 0, 'n'.repeat(32))), removed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(made, { minLength: 1, maxLength: 100 }), (records) => {
        const batches = syncedBatches(records.map((one) => ({ ...one, by: one.by?.slice(0, 64) })));
        expect(batches.flat().length).toBe(records.length);
        for (const batch of batches) {
          const draft = draftOf(syncedEntry(batch), iso(wallMs(0)), new ManualClock().monotonic());
          expect([draft.fields['cut'], draft.personal?.['cut']]).toEqual([undefined, undefined]);
        }
      }),
      { numRuns: 200 },
    );
  });
});
