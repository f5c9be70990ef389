// pure
import { OperatingError } from '../errors.js';

/** A disk that makes no progress for so long hangs: nobody waits for it any longer. Healthy memory cards stall for a second or two. */
export const LATE_MS = 10_000;
/** So long the end of a command may wait for the disk. A gate that stops has one limit for all its parts: see Endings. */
export const CLOSE_MS = 5_000;

/** Why nobody waits for the disk any longer. */
export const diskHangs = (): OperatingError =>
  new OperatingError('KAIMON_FILE_WRITE', `the disk has not answered for ${LATE_MS / 1000} seconds`);
