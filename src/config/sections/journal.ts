import { z } from 'zod';
import { between, fileOrNull, flag, whole } from '../field.js';

/** What was decided and what the door did, on the disk. */
export const journalSection = z
  .strictObject({
    enabled: flag('Keep a journal of decisions and of the door', true),
    maxAgeDays: whole('Entries older than this are purged', { unit: 'days', min: 1, max: 3650 }, 90),
    maxMegabytes: whole(
      'Above this size the oldest entries are purged, whatever their age',
      { unit: 'megabytes', min: 4, max: 10_000 },
      200,
    ),
    segmentMegabytes: whole(
      'A file of the journal is closed at this size, or after a day; purging removes whole files',
      { unit: 'megabytes', min: 1, max: 64 },
      8,
    ),
    keyFile: fileOrNull(
      "Ed25519 private key in PEM that signs the journal's head; a bare name is a systemd credential",
    ),
  })
  .refine(
    ({ maxMegabytes, segmentMegabytes }) => segmentMegabytes * 2 <= maxMegabytes,
    between(
      ['maxMegabytes', 'segmentMegabytes'],
      'segmentMegabytes',
      'journal.segmentMegabytes must be at most half of journal.maxMegabytes',
    ),
  );
