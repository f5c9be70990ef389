/** Every document that a gate keeps in its state folder, with the formats that this version knows of it. */
import type { z } from 'zod';
import { TRUSTED_TIMES_FORMAT, trustedTimesSchema } from '../clock-trust/trusted-times-file.js';
import { CHECKPOINT_FILE, HEAD_FILE, MARK_FORMAT } from '../journal/head.js';
import { TRUST_FILE, TRUST_FORMAT, trustFileSchema } from '../keys/trust-file.js';
import type { DocumentFormat } from '../kit/files/format.js';
import { CALIBRATION_FORMAT, calibrationSchema } from '../models/calibration.js';
import { PASSAGES_FORMAT, passagesSchema } from '../passback/passages-file.js';
import { DOOR_ORDER_FORMAT, doorOrderSchema } from '../schedule/door-order-file.js';
import { CURSOR_FORMAT, cursorSchema } from '../site/events/cursor.js';
import { CURSOR_FILE } from '../site/events/cursor-file.js';
import { PUBLISHED_FORMAT, publishedSchema } from '../site/home-assistant/published-file.js';
import { SEEN_FORMAT, seenSchema } from '../site/requests/seen-file.js';
import { IN_SYNC_FILE, IN_SYNC_FORMAT, inSyncSchema } from '../site/sync/in-sync-file.js';
import { PEOPLE_FORMAT } from '../store/people-document.js';
import { lastGoodOf } from '../store/people-file.js';
import { WRITTEN_BY_FILE, WRITTEN_BY_FORMAT, writtenBySchema } from './written-by.js';

export interface StoredDocument {
  /** Relative to the state folder. */
  readonly file: string;
  readonly format: DocumentFormat;
  /** What it must look like in the newest format; undefined where more than its shape is checked. */
  readonly shape?: z.ZodType | undefined;
  /** It is read for recognising faces alone and written by a command: one of a later version leaves the gate blind, and is no reason not to start. */
  readonly forSight?: true;
}

export const PEOPLE_FILE = 'people.json';

/** All but the journal's segments, which are read line by line. */
export const STORED_DOCUMENTS: readonly StoredDocument[] = [
  { file: PEOPLE_FILE, format: PEOPLE_FORMAT },
  { file: lastGoodOf(PEOPLE_FILE), format: PEOPLE_FORMAT },
  { file: `journal/${HEAD_FILE}`, format: MARK_FORMAT },
  { file: `journal/${CHECKPOINT_FILE}`, format: MARK_FORMAT },
  { file: 'passages.json', format: PASSAGES_FORMAT, shape: passagesSchema },
  { file: 'clock.json', format: TRUSTED_TIMES_FORMAT, shape: trustedTimesSchema },
  { file: 'door-mode.json', format: DOOR_ORDER_FORMAT, shape: doorOrderSchema },
  { file: 'requests.json', format: SEEN_FORMAT, shape: seenSchema },
  { file: 'home-assistant.json', format: PUBLISHED_FORMAT, shape: publishedSchema },
  { file: CURSOR_FILE, format: CURSOR_FORMAT, shape: cursorSchema },
  { file: IN_SYNC_FILE, format: IN_SYNC_FORMAT, shape: inSyncSchema },
  { file: 'calibration.json', format: CALIBRATION_FORMAT, shape: calibrationSchema, forSight: true },
  { file: TRUST_FILE, format: TRUST_FORMAT, shape: trustFileSchema },
  { file: WRITTEN_BY_FILE, format: WRITTEN_BY_FORMAT, shape: writtenBySchema },
];
