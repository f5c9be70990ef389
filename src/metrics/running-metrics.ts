import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Opening } from '../config/opening.js';
import type { EyeListeners } from '../eye/eye-status.js';
import { machineFiles } from '../host/machine/machine-files.js';
import type { Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import { LogBudget } from '../kit/logging/log-budget.js';
import { VERSION } from '../kit/version.js';
import { collectGate, collectMachine, type MetricSources } from './collect.js';
import { EventCounts, timed } from './event-counts.js';
import { Instruments } from './instruments.js';
import { LoopDelay } from './loop-delay.js';
import { MachineWatch } from './machine-watch.js';
import { createMetricsServer } from './metrics-server.js';
import { type CountedPeople, PeopleFigures } from './people-figures.js';

/** What the metrics are made from. */
export interface RunningMetricsParts extends MetricSources {
  readonly people: MetricSources['people'] & CountedPeople;
  readonly models: { readonly encoder: string };
  readonly reporter: { onReport(heard: (type: string, fields: Readonly<Record<string, unknown>>) => void): void };
}

/** How often it is tried again to listen. */
const RETRY_MS = 30_000;

/** The metrics of a gate and the server that shows them. Nothing of it fails for the gate: without a port there are no metrics, and the state says so. */
export class RunningMetrics {
  readonly #opening: Omit<Opening, 'endings' | 'paths'>;
  readonly #parts: RunningMetricsParts;
  readonly #instruments = new Instruments();
  readonly #people: PeopleFigures;
  readonly #machine: MachineWatch;
  readonly #loop: LoopDelay;
  readonly #server: Server;
  readonly #budget: LogBudget;
  #warning: string | undefined;
  #retry: Timer | undefined;
  #stopped = false;

  constructor(opening: Omit<Opening, 'endings'>, parts: RunningMetricsParts) {
    const { clock, paths } = opening;
    this.#opening = opening;
    this.#parts = parts;
    this.#people = new PeopleFigures(parts.people);
    this.#machine = new MachineWatch(machineFiles, paths.state, clock);
    this.#loop = new LoopDelay(this.#instruments, clock);
    this.#budget = new LogBudget(clock);
    const counts = new EventCounts(this.#instruments);
    parts.reporter.onReport((type, fields) => this.#guard(() => counts.heard(type, fields)));
    const { site, gate } = opening.config;
    this.#instruments.set('kaimon_build_info', 1, {
      site,
      gate,
      version: VERSION,
      encoder: parts.models.encoder,
      node: process.version.slice(1),
    });
    this.#instruments.set('kaimon_start_time_seconds', Math.round(Date.now() / 1000 - process.uptime()));
    const pages = { metrics: () => this.#page(), healthy: () => parts.state().status === 'online' };
    this.#server = createMetricsServer(pages, (why) => this.#scrapeFailed(why));
    this.#server.on('error', (error) => this.#failed(explain(error)));
    this.#server.on('listening', () => this.#listening());
    void this.#machine.refresh();
  }

  /** Begins to listen. Resolves when it does, or when it is known why it cannot. */
  async start(): Promise<void> {
    const settled = new Promise<void>((resolve) => {
      this.#server.once('listening', resolve);
      this.#server.once('error', () => resolve());
    });
    this.#listen();
    await settled;
  }

  /** Where it listens; null while it does not. */
  get port(): number | null {
    return (this.#server.address() as AddressInfo | null)?.port ?? null;
  }

  /** The same listeners, with how long each frame took. */
  around(listeners: EyeListeners): EyeListeners {
    return timed(listeners, this.#instruments, this.#opening.clock, (act) => this.#guard(act));
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#loop.stop();
    this.#people.stop();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #listen(): void {
    const { host, port } = this.#opening.config.metrics;
    this.#server.listen({ host, port });
  }

  #listening(): void {
    const { host } = this.#opening.config.metrics;
    this.#opening.log.info({ host, port: this.port }, 'metrics are offered');
    this.#warn(undefined);
  }

  #failed(why: string): void {
    if (this.#stopped) return;
    // It listens on: one connection could not be taken.
    if (this.#server.listening) {
      this.#scrapeFailed(why);
      return;
    }
    const { host, port } = this.#opening.config.metrics;
    if (this.#warning === undefined)
      this.#opening.log.error({ code: 'KAIMON_METRICS', why }, 'no metrics: the port cannot be had');
    this.#warn(`metrics-off: ${host}:${port} cannot be listened at (${why}): free it, or set metrics.port to another`);
    this.#retry = this.#opening.clock.after(RETRY_MS, () => this.#listen());
  }

  #scrapeFailed(why: string): void {
    if (this.#budget.take() !== undefined) this.#opening.log.warn({ code: 'KAIMON_METRICS', why }, 'a scrape failed');
  }

  /** Puts the warning of the state in place of the one before. */
  #warn(text: string | undefined): void {
    const { warnings } = this.#opening;
    const at = this.#warning === undefined ? -1 : warnings.indexOf(this.#warning);
    if (at >= 0) warnings.splice(at, 1);
    if (text !== undefined) warnings.push(text);
    this.#warning = text;
  }

  async #page(): Promise<{ readonly type: string; readonly text: string }> {
    const metrics = this.#instruments;
    collectGate(metrics, this.#parts, this.#people);
    collectMachine(metrics, this.#machine.facts);
    const { user, system } = process.cpuUsage();
    metrics.setCounter('kaimon_process_cpu_seconds_total', (user + system) / 1e6);
    metrics.set('kaimon_process_resident_memory_bytes', process.memoryUsage.rss(), { process: 'gate' });
    metrics.set('kaimon_event_loop_delay_max_seconds', this.#loop.takeMax());
    return { type: metrics.contentType, text: await metrics.text() };
  }

  /** A count that fails is a defect, and none for which an eye is replaced or a report lost. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      if (this.#budget.take() !== undefined)
        this.#opening.log.error({ code: 'KAIMON_METRICS', why: explain(thrown) }, 'something was not counted');
    }
  }
}
