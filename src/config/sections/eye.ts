import { z } from 'zod';
import { between, choice, fileOrNull, milliseconds, whole } from '../field.js';

const restart = z
  .strictObject({
    firstMs: whole('Pause before the first restart; each further pause is longer', milliseconds(10, 60_000), 500),
    maxMs: whole('Longest pause', milliseconds(10, 600_000), 30_000),
  })
  .refine(
    ({ firstMs, maxMs }) => firstMs <= maxMs,
    between(['firstMs', 'maxMs'], 'firstMs', 'eye.restart.firstMs must not be above eye.restart.maxMs'),
  );

/** The process that sees. */
export const eyeSection = z.strictObject({
  hangMs: whole(
    'An eye without a sign of life for this long is killed and started again',
    milliseconds(1000, 120_000),
    4000,
  ),
  busyMs: whole(
    'An eye that is at one picture for this long is killed and started again; more for a processor that needs seconds a picture',
    milliseconds(1000, 600_000),
    10_000,
  ),
  startMs: whole(
    'An eye that has not loaded its networks after this long is killed and started again',
    milliseconds(5000, 600_000),
    60_000,
  ),
  socket: fileOrNull(
    'The socket of kaimon-eye.socket, where systemd runs the eye in a unit of its own (set by kaimon.service); null: the eye is a child process',
  ),
  sandbox: choice(
    'Whether an eye that is a child process is put into a sandbox: where bubblewrap can make one, or never',
    ['auto', 'none'],
    'auto',
  ),
  restart: restart.prefault({}).describe('Pauses between restarts of the eye.'),
});
