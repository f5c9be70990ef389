import type { Clock, MonotonicMs } from '../kit/clock.js';
import { messageOf } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import { type Datagrams, openDatagramSender } from './datagram-sender.js';
import type { NoticeSender } from './notice-sender.js';
import { mergedNotice, NOTHING_PENDING, type Notify, type PendingNotice, watchdogIntervalMs } from './notify.js';
import { ProgramSender } from './program-sender.js';

/** Between two tries while systemd's queue is full, and how many there are before the next call has to try. */
const FULL_RETRY_MS = 250;
const FULL_TRIES_MAX = 20;

/** The stop waits no longer than this for systemd: the door comes after it. */
const STOP_MAX_MS = 2000;

/** Most of an error message that goes into the log, in characters. */
const ERROR_MAX = 200;

export interface SystemdNotifyOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly log: Pick<Log, 'warn'>;
  /** Found by PATH unless a test says otherwise. */
  readonly program?: string;
  /** The package unix-dgram unless a test says otherwise. */
  readonly load?: () => Promise<Datagrams>;
}

type Outcome = 'sent' | 'full' | 'failed';

/**
 * Tells systemd by datagrams of this process, so that a machine that can start no process does not have its watchdog kill a healthy gate;
 * where that fails, by a child `systemd-notify`. Without NOTIFY_SOCKET nothing is done.
 * One notice is on its way at a time; what comes meanwhile is sent together by the next one. What could not be sent is kept and sent with
 * the next call, which for a watchdog is a matter of seconds.
 */
export class SystemdNotify implements Notify {
  readonly #options: SystemdNotifyOptions;
  readonly #direct: Promise<NoticeSender | string> | undefined;
  readonly #program: NoticeSender;
  readonly #intervalMs: number | null;
  readonly #warned = new Set<string>();
  #pending: PendingNotice = NOTHING_PENDING;
  #sending: Promise<void> | null = null;
  #lastWatchdogMs: MonotonicMs | null = null;

  constructor(options: SystemdNotifyOptions) {
    const { env, program, load } = options;
    this.#options = options;
    const address = env['NOTIFY_SOCKET'];
    this.#direct = address ? openDatagramSender(address, load) : undefined;
    this.#program = new ProgramSender(env, program);
    this.#intervalMs = watchdogIntervalMs(env, process.pid);
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
    const sent = this.#send({ stopping: true });
    return new Promise((resolve) => {
      const limit = this.#options.clock.after(STOP_MAX_MS, resolve);
      void sent.then(() => {
        limit.cancel();
        resolve();
      });
    });
  }

  #send(notice: Partial<PendingNotice>): Promise<void> {
    if (!this.#direct) return Promise.resolve();
    this.#pending = mergedNotice(this.#pending, { ...NOTHING_PENDING, ...notice });
    this.#sending ??= this.#sendAll(this.#direct);
    return this.#sending;
  }

  async #sendAll(opening: Promise<NoticeSender | string>): Promise<void> {
    const direct = await opening;
    for (let tries = 1; this.#pending !== NOTHING_PENDING; ) {
      const notice = this.#pending;
      this.#pending = NOTHING_PENDING;
      const outcome = await this.#deliver(direct, notice);
      if (outcome === 'sent') {
        tries = 1;
        continue;
      }
      const nothingNew = this.#pending === NOTHING_PENDING;
      this.#pending = mergedNotice(notice, this.#pending);
      if (outcome === 'failed' && nothingNew) break;
      if (outcome === 'full' && tries++ >= FULL_TRIES_MAX) {
        this.#warnOnce('systemd takes no messages, its queue is full: what the gate says is kept for the next try');
        break;
      }
      if (outcome === 'full') await new Promise<void>((go) => void this.#options.clock.after(FULL_RETRY_MS, go));
    }
    this.#sending = null;
  }

  async #deliver(direct: NoticeSender | string, notice: PendingNotice): Promise<Outcome> {
    let whyNotDirect: string;
    try {
      if (typeof direct !== 'string') return await direct.send(notice);
      whyNotDirect = direct;
    } catch (thrown) {
      whyNotDirect = shortened(thrown);
    }
    try {
      const outcome = await this.#program.send(notice);
      this.#warnOnce(
        'systemd is told by a child process for each message; while this machine can start none, the watchdog ends a healthy gate',
        whyNotDirect,
      );
      return outcome;
    } catch (thrown) {
      const advice =
        'run scripts/setup, or install the package again; without systemd set Type=exec and no WatchdogSec in the unit';
      this.#warnOnce(`systemd cannot be told how the gate is: ${advice}`, `${whyNotDirect}; ${shortened(thrown)}`);
      return 'failed';
    }
  }

  #warnOnce(what: string, why?: string): void {
    if (this.#warned.has(what)) return;
    this.#warned.add(what);
    this.#options.log.warn({ code: 'KAIMON_NOTIFY' }, why === undefined ? what : `${what} (${why})`);
  }
}

const shortened = (thrown: unknown): string => messageOf(thrown).replace(/\s+/g, ' ').trim().slice(0, ERROR_MAX);
