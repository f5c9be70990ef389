import type { Clock, MonotonicMs } from '../kit/clock.js';
import { messageOf } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import { NOTHING_PENDING, type Notify, notifyArguments, type PendingNotice, watchdogIntervalMs } from './notify.js';
import { SteadyCaller } from './steady-caller.js';

/** A `systemd-notify` that hangs is killed after this long; systemd itself answers within milliseconds. */
const CHILD_LIMIT_MS = 5000;

/** Most of a child's error message that goes into the log, in characters. */
const ERROR_MAX = 200;

export interface SystemdNotifyOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Pick<Log, 'warn'>;
  /** Found by PATH unless a test says otherwise. */
  readonly program?: string;
}

/**
 * Notifies systemd through its program `systemd-notify`, because Node has no Unix datagram sockets.
 * The unit needs `NotifyAccess=all`: the message comes from a child. Without NOTIFY_SOCKET nothing is done.
 * One call runs at a time; what comes meanwhile is sent together by the next one.
 */
export class SystemdNotify implements Notify {
  readonly #options: SystemdNotifyOptions;
  readonly #caller: SteadyCaller;
  readonly #enabled: boolean;
  readonly #intervalMs: number | null;
  #pending: PendingNotice = NOTHING_PENDING;
  #sending: Promise<void> | null = null;
  #lastWatchdogMs: MonotonicMs | null = null;
  #warned = false;

  constructor(options: SystemdNotifyOptions) {
    this.#options = options;
    this.#caller = new SteadyCaller(options.program ?? 'systemd-notify', options.env, CHILD_LIMIT_MS);
    this.#enabled = Boolean(options.env['NOTIFY_SOCKET']);
    this.#intervalMs = watchdogIntervalMs(options.env, process.pid);
  }

  ready(status: string): void {
    void this.#send({ ready: true, status });
  }

  status(text: string): void {
    void this.#send({ status: text });
  }

  watchdog(): void {
    const now = this.#options.clock.monotonic();
    // Sent at half the interval: a call just before the sign is due must not delay it to twice the interval.
    const due = this.#lastWatchdogMs === null || now - this.#lastWatchdogMs >= (this.#intervalMs ?? 0) / 2;
    if (this.#intervalMs === null || !due) return;
    this.#lastWatchdogMs = now;
    void this.#send({ watchdog: true });
  }

  stopping(): Promise<void> {
    return this.#send({ stopping: true });
  }

  #send(notice: Partial<PendingNotice>): Promise<void> {
    if (!this.#enabled) return Promise.resolve();
    this.#pending = { ...this.#pending, ...notice };
    this.#sending ??= this.#sendAll();
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#pending !== NOTHING_PENDING) {
      const args = notifyArguments(this.#pending);
      this.#pending = NOTHING_PENDING;
      await this.#caller.run(args).catch((error: unknown) => this.#warnOnce(error));
    }
    this.#sending = null;
  }

  #warnOnce(error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    const why = messageOf(error).replace(/\s+/g, ' ').trim().slice(0, ERROR_MAX);
    const advice = 'install systemd, or set Type=exec and no WatchdogSec in the unit';
    this.#options.log.warn({ code: 'KAIMON_NOTIFY' }, `systemd cannot be told how the gate is (${why}): ${advice}`);
  }
}
