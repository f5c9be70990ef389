import { Command } from 'commander';
import { identifySubcommand } from '../evaluation/faces/evaluate-identify.js';
import { pairsSubcommand } from '../evaluation/faces/evaluate-pairs.js';
import { gateSubcommand } from '../evaluation/gate/evaluate-gate.js';
import { livenessSubcommand } from '../evaluation/liveness/evaluate-liveness.js';

/** `kaimon evaluate`: error rates on sets of photos and clips. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description("figures on a site's or a public set of photos")
    .addCommand(pairsSubcommand())
    .addCommand(identifySubcommand())
    .addCommand(livenessSubcommand())
    .addCommand(gateSubcommand());
}
