/** Port: reports to the service manager (systemd). None of the calls throws or blocks. */
export interface Notify {
  /** The gate works: `Type=notify` units count as started from here on. */
  ready(status: string): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
  /** A sign of life of this process (the eye has its own supervision). May be called more often than it is due. */
  watchdog(): void;
  /** The stop begins. Resolves when that was sent or given up; never rejects. */
  stopping(): Promise<void>;
}

/** What is still to be sent: one record, however many calls came. */
export interface PendingNotice {
  readonly ready: boolean;
  readonly status: string | null;
  readonly watchdog: boolean;
  readonly stopping: boolean;
}

export const NOTHING_PENDING: PendingNotice = { ready: false, status: null, watchdog: false, stopping: false };

/** Longest status, in characters: some problems. `systemctl status -l` shows all of it, without -l what fits the terminal. */
const STATUS_MAX = 1000;

/** Two notices as one: what was not sent yet, and what came since. */
export const mergedNotice = (older: PendingNotice, newer: PendingNotice): PendingNotice => ({
  ready: older.ready || newer.ready,
  status: newer.status ?? older.status,
  watchdog: older.watchdog || newer.watchdog,
  stopping: older.stopping || newer.stopping,
});

/** A notice as sd_notify(3) has it, one assignment each line. */
export function noticeLines({ ready, status, watchdog, stopping }: PendingNotice): readonly string[] {
  const line = status === null ? null : [...status.replace(/\p{C}+/gu, ' ')].slice(0, STATUS_MAX).join('');
  return [
    ...(ready ? ['READY=1'] : []),
    ...(line === null ? [] : [`STATUS=${line}`]),
    ...(watchdog ? ['WATCHDOG=1'] : []),
    ...(stopping ? ['STOPPING=1'] : []),
  ];
}

/**
 * How often a sign of life is due, in milliseconds: half of what systemd allows, as sd_watchdog_enabled(3) advises.
 * @returns null when the unit has no watchdog or it watches another process.
 */
export function watchdogIntervalMs(env: Readonly<Record<string, string | undefined>>, pid: number): number | null {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: watched } = env as { WATCHDOG_USEC?: string; WATCHDOG_PID?: string };
  if (usec === undefined || !/^[1-9]\d{0,15}$/.test(usec)) return null;
  if (watched !== undefined && watched !== String(pid)) return null;
  return Math.floor(Number(usec) / 2000);
}
