import type { PendingNotice } from './notify.js';

/** Port: one way to systemd. Never blocks the process. */
export interface NoticeSender {
  /**
   * Hands a notice over.
   * @returns `full` where nothing was sent because systemd takes nothing at the moment: the same way is to be tried again
   * @throws Error where nothing was sent and this way is of no use now
   */
  send(notice: PendingNotice): Promise<'sent' | 'full'>;
}
