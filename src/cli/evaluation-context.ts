import type { EvaluationContext } from '../evaluation/context.js';
import { type CommonOptions, contextOf } from './context.js';
import { ProgressLine } from './progress.js';

/** What an evaluation works with; progress and unusable files are shown on standard error. @param overrides as of contextOf */
export function evaluationContextOf(
  options: CommonOptions,
  overrides: Readonly<Record<string, unknown>> = {},
): EvaluationContext {
  const { config, calibrationFile, networks, log } = contextOf(options, overrides);
  return {
    config,
    calibrationFile,
    networks,
    log,
    startProgress: (what, total) => new ProgressLine(what, total),
    onUnusable(sentence) {
      process.stderr.write(`${sentence}\n`);
    },
  };
}
