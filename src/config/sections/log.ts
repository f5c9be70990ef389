import { z } from 'zod';
import { choice, flag } from '../field.js';

/** The log on stderr. */
export const logSection = z.strictObject({
  level: choice(
    'Least important lines that are written',
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    'info',
  ),
  names: flag('Write the names of people; otherwise only their ids', false),
});
