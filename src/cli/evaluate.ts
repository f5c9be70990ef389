import { Command } from 'commander';
import { gateSubcommand } from './evaluate-gate.js';
import { identifySubcommand } from './evaluate-identify.js';
import { livenessSubcommand } from './evaluate-liveness.js';
import { pairsSubcommand } from './evaluate-pairs.js';

/** `kaimon evaluate`: error rates on sets of photos and clips. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description("figures on a site's or a public set of photos")
    .addCommand(pairsSubcommand())
    .addCommand(identifySubcommand())
    .addCommand(livenessSubcommand())
    .addCommand(gateSubcommand());
}
