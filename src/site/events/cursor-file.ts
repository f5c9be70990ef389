import { openStateFile, type StateFileSurroundings } from '../../kit/files/open-state-file.js';
import type { StateFile } from '../../kit/files/state-file.js';
import { CURSOR_FORMAT, type CursorDocument, cursorSchema, NO_CURSOR } from './cursor.js';

/** Where the cursor stands in the state folder. */
export const CURSOR_FILE = 'events.json';
/** A kill lets so much be told again, under the same ids; and the disk is not written at each event. */
const DELAY_MS = 1_000;

export type CursorFile = Pick<StateFile<CursorDocument>, 'found' | 'save' | 'saveNow'>;

/** How far events were told, from before the restart. Where the file cannot be used that is not known, which is logged, warned of and told. */
export const openCursorFile = (surroundings: StateFileSurroundings): Promise<StateFile<CursorDocument>> =>
  openStateFile(surroundings, {
    file: CURSOR_FILE,
    name: 'how far events were told',
    lost: 'events of before this start that the broker does not have yet are not told; the event "gap" names them',
    schema: cursorSchema,
    format: CURSOR_FORMAT,
    empty: NO_CURSOR,
    delayMs: DELAY_MS,
  });
