import type { Opening } from '../config/opening.js';
import type { EyeListeners } from '../eye/eye-status.js';
import { ClosingError } from '../kit/endings.js';
import { explain } from '../kit/errors.js';
import type { RunningMetricsParts } from './running-metrics.js';

/** What the gate's start has to do with metrics. */
export interface Metrics {
  /** The same listeners, with how long each frame took. */
  around(listeners: EyeListeners): EyeListeners;
}

const NO_METRICS: Metrics = { around: (listeners) => listeners };

/** Opens the metrics where the configuration asks for them; otherwise nothing of them is even loaded. Never keeps the gate from starting. */
export async function openMetrics(opening: Opening, parts: Omit<RunningMetricsParts, 'log'>): Promise<Metrics> {
  const { config, endings, log, warnings } = opening;
  if (!config.metrics.enabled) return NO_METRICS;
  try {
    const { RunningMetrics } = await import('./running-metrics.js');
    const metrics = await endings.open(
      'the metrics',
      () => new RunningMetrics(opening, { ...parts, log }),
      (running) => running.stop(),
    );
    await metrics.start();
    return metrics;
  } catch (thrown) {
    if (thrown instanceof ClosingError) throw thrown;
    const why = explain(thrown);
    log.error({ code: 'KAIMON_METRICS', why }, 'no metrics: they cannot be started');
    warnings.push(`metrics-off: they cannot be started (${why})`);
    return NO_METRICS;
  }
}
