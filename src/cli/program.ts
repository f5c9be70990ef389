import { Command } from 'commander';
import { VERSION } from '../kit/version.js';
import { auditCommand } from './audit.js';
import { backupCommand } from './backup.js';
import { calibrateCommand } from './calibrate.js';
import { configCommand } from './config.js';
import { dataCommand } from './data.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { embedCommand } from './embed.js';
import { enrollCommand } from './enroll.js';
import { evaluateCommand } from './evaluate.js';
import { fleetCommand } from './fleet.js';
import { healthCommand } from './health.js';
import { identifyCommand } from './identify.js';
import { keysCommand } from './keys.js';
import { modelsCommand } from './models.js';
import { peopleCommand } from './people.js';
import { restoreCommand } from './restore.js';
import { runCommand } from './run.js';
import { safeStateCommand } from './safe-state.js';
import { sealCommand } from './seal.js';
import { signCommand } from './sign.js';
import { verifyCommand } from './verify.js';

const COMMANDS = [
  runCommand,
  demoCommand,
  embedCommand,
  verifyCommand,
  identifyCommand,
  enrollCommand,
  peopleCommand,
  modelsCommand,
  evaluateCommand,
  calibrateCommand,
  auditCommand,
  backupCommand,
  restoreCommand,
  sealCommand,
  keysCommand,
  signCommand,
  safeStateCommand,
  configCommand,
  dataCommand,
  doctorCommand,
  healthCommand,
  fleetCommand,
];

/** All that can be typed: one file a command. Help, manual page and completion are made from it. */
export function makeProgram(): Command {
  const program = new Command('kaimon')
    .description('Kaimon (開門, "open the door"): the gate that knows its people')
    .version(VERSION)
    .option('--config <file>', 'configuration file (default: /etc/kaimon/kaimon.yaml where it exists)')
    .option('--state <dir>', 'folder for people, cache and run-time files')
    .option('--seal-key <file>', "key of sealed people, where the configuration's cannot be read from here")
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      '\nExit codes: 0 yes or done, 1 no, 2 wrong use, 3 unusable input, 4 environment not ready, 70 a defect of Kaimon.',
    );
  for (const make of COMMANDS) program.addCommand(make());
  return program;
}
