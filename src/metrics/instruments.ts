import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS, type MetricName, type MetricRow } from './catalogue.js';

type Labels = Readonly<Record<string, string>>;

/** The catalogue's metrics with their values. */
export class Instruments {
  readonly #registry = new Registry();
  readonly #counters = new Map<MetricName, Counter>();
  readonly #gauges = new Map<MetricName, Gauge>();
  readonly #histograms = new Map<MetricName, Histogram>();

  constructor() {
    for (const [name, row] of Object.entries(METRICS) as [MetricName, MetricRow][]) {
      const common = { name, help: row.help, labelNames: [...(row.labels ?? [])], registers: [this.#registry] };
      if (row.kind === 'counter') this.#counters.set(name, new Counter(common));
      else if (row.kind === 'gauge') this.#gauges.set(name, new Gauge(common));
      else this.#histograms.set(name, new Histogram({ ...common, buckets: [...(row.buckets ?? [])] }));
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All values in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  count(name: MetricName, labels: Labels = {}): void {
    this.#of(this.#counters, name).inc(labels);
  }

  /** Shows a counter that has counted nothing yet. */
  addNothing(name: MetricName, labels: Labels): void {
    this.#of(this.#counters, name).inc(labels, 0);
  }

  add(name: MetricName, value: number): void {
    this.#of(this.#counters, name).inc(value);
  }

  /** For what is counted elsewhere. */
  setCounter(name: MetricName, value: number): void {
    const counter = this.#of(this.#counters, name);
    counter.reset();
    counter.inc(value);
  }

  /** @param value undefined: it is not known, and not shown */
  set(name: MetricName, value: number | boolean | undefined, labels: Labels = {}): void {
    const gauge = this.#of(this.#gauges, name);
    if (value === undefined) gauge.remove(labels);
    else gauge.set(labels, Number(value));
  }

  /** Forgets the values of all labels, before those that are so now are set. */
  clear(name: MetricName): void {
    this.#of(this.#gauges, name).reset();
  }

  observe(name: MetricName, seconds: number, labels: Labels = {}): void {
    this.#of(this.#histograms, name).observe(labels, seconds);
  }

  #of<T>(instruments: ReadonlyMap<MetricName, T>, name: MetricName): T {
    const found = instruments.get(name);
    if (found === undefined) throw new Error(`${name} is a metric of another kind`);
    return found;
  }
}
