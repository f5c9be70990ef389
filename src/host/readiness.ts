import type { Opening } from '../config/opening.js';
import type { Notify } from './notify.js';
import { SystemdNotify } from './systemd-notify.js';

/** The connection to systemd. */
export const makeNotify = ({ clock, log }: Pick<Opening, 'clock' | 'log'>): Notify =>
  new SystemdNotify({ env: process.env, clock, log });

/** Systemd learns that the gate works and, when it ends, that the stop has begun. @param line for `systemctl status` */
export const openReadiness = ({ endings }: Pick<Opening, 'endings'>, notify: Notify, line: string): Promise<void> =>
  endings.open(
    'systemd',
    () => notify.ready(line),
    () => notify.stopping(),
  );
