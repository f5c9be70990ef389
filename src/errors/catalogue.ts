// pure
/** Every error code with its kind, its meaning and what to do. docs/errors.md is made from it (scripts/errors-page.mjs). */
import { COMMAND_LINE_ERRORS } from './command-line.js';
import { DATA_ERRORS } from './data.js';
import { DOOR_ERRORS } from './door.js';
import type { ErrorKind } from './error-row.js';
import { JOURNAL_ERRORS } from './journal.js';
import { MQTT_ERRORS } from './mqtt.js';
import { PHOTOS_ERRORS } from './photos.js';
import { SEEING_ERRORS } from './seeing.js';
import { SERVICE_ERRORS } from './service.js';
import { STORE_ERRORS } from './store.js';

/** By the headings of docs/errors.md, in its order. */
export const ERROR_SECTIONS = {
  'Configuration and command line': COMMAND_LINE_ERRORS,
  'Photos and enrolment': PHOTOS_ERRORS,
  'Models, camera, eye': SEEING_ERRORS,
  'People store and files': STORE_ERRORS,
  'Formats and backups': DATA_ERRORS,
  Journal: JOURNAL_ERRORS,
  Door: DOOR_ERRORS,
  MQTT: MQTT_ERRORS,
  'Voice, service, demo': SERVICE_ERRORS,
} as const;

export const ERRORS = {
  ...COMMAND_LINE_ERRORS,
  ...PHOTOS_ERRORS,
  ...SEEING_ERRORS,
  ...STORE_ERRORS,
  ...DATA_ERRORS,
  ...JOURNAL_ERRORS,
  ...DOOR_ERRORS,
  ...MQTT_ERRORS,
  ...SERVICE_ERRORS,
} as const;

/** Every code, also those of defects. */
export type ErrorCode = keyof typeof ERRORS;

type CodeOf<K extends ErrorKind> = { [C in ErrorCode]: (typeof ERRORS)[C]['kind'] extends K ? C : never }[ErrorCode];

/** A code that an OperatingError can have. */
export type OperatingCode = CodeOf<'usage' | 'input' | 'environment' | 'warning'>;

export const isOperatingCode = (code: string): code is OperatingCode =>
  Object.hasOwn(ERRORS, code) && ERRORS[code as ErrorCode].kind !== 'defect';
