import type { Opening } from '../config/opening.js';
import type { Notify } from './notify.js';
import { SystemdNotify } from './systemd-notify.js';

/** The connection to systemd; when the gate ends, systemd learns that the stop has begun. */
export const openNotify = ({ clock, log, endings }: Opening): Promise<Notify> =>
  endings.open(
    'systemd',
    () => new SystemdNotify({ env: process.env, clock, log }),
    (notify) => notify.stopping(),
  );
