// node manual.mjs ROOT VERSION SECONDS: prints kaimon(1), made from the definitions of the commands. SECONDS since 1970 are its date.
import { argv, stdout } from 'node:process';
import { pathToFileURL } from 'node:url';
import { allOf, readCommands } from './commands.mjs';

/** A line that begins with a dot or a quote would be an instruction, a bare hyphen a typographic one. */
const roff = (text) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
const bold = (text) => `\\fB${roff(text)}\\fR`;

const ENVIRONMENT = `Every key of the configuration may be given by a variable, which is stronger than the file:
.B KAIMON_DOOR__PULSE_MS=4000
is
.B pulseMs
in the section
.BR door .`;

const FILES = [
  ['/etc/kaimon/kaimon.yaml', 'the configuration; "kaimon config schema \\-\\-yaml" prints every key with its meaning'],
  ['/etc/kaimon/GATE.yaml', 'that of the service kaimon@GATE, where this computer has several gates'],
  [
    '/var/lib/kaimon',
    "the services' people and journal, readable by root and the user kaimon only: name it with \\-\\-state",
  ],
  ['/var/lib/kaimon\\-models', 'networks that were added here ("kaimon models add"); every release finds them'],
  ['/var/cache/kaimon', 'spoken greetings; may be deleted'],
  ['/run/kaimon/door\\-line', "the relay's line and the level to leave it at"],
  ['/usr/share/doc/kaimon', 'the manual: installation, door, MQTT, errors, security'],
];

function option({ flags, description, preset }) {
  const more = preset === undefined ? '' : ` (default: ${preset})`;
  return ['.TP', bold(flags), roff(`${description}${more}`)].join('\n');
}

function section(command) {
  const lines = [`.SS ${roff(command.usage)}`, roff(command.description.replace(/(?<![.?!])$/, '.'))];
  for (const { name, description } of command.arguments) {
    if (description) lines.push('.TP', `\\fI${roff(name)}\\fR`, roff(description));
  }
  lines.push(...command.options.map(option));
  if (command.below) lines.push('.PP', '.nf', roff(command.below), '.fi');
  return lines.join('\n');
}

/** The page of a program. @param date YYYY-MM-DD */
export function manualPage(program, { version, date }) {
  const commands = allOf(program).filter(({ words, commands: below }) => words.length > 0 && below.length === 0);
  return `.\\" Made from the definitions of the commands by scripts/deploy/package: not to be edited.
.TH KAIMON 1 "${date}" "kaimon ${version}" "User Commands"
.SH NAME
kaimon \\- face\\-recognition gate controller
.SH SYNOPSIS
.B kaimon
.RI [ options ]
.I command
.RI [ "arguments and options of the command" ]
.SH DESCRIPTION
Kaimon sees a face with a camera, knows who it is or that it is nobody, opens the door for the right ones, greets them, and tells the back
office over MQTT. The service
.B kaimon.service
runs it as the user kaimon; by hand the commands below enrol people, read the journal and find out what is wrong.
.SH OPTIONS
${program.options.map(option).join('\n')}
.SH COMMANDS
${commands.map(section).join('\n')}
.SH EXIT STATUS
${roff(program.below.replace(/^Exit codes: /, ''))}
.SH ENVIRONMENT
${ENVIRONMENT}
.SH FILES
${FILES.map(([path, what]) => `.TP\n.I ${path}\n${what}`).join('\n')}
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1),
.BR gpioset (1)
`;
}

if (import.meta.url === pathToFileURL(argv[1]).href) {
  const [, , root, version, seconds] = argv;
  const date = new Date(Number(seconds) * 1000).toISOString().slice(0, 10);
  stdout.write(manualPage(await readCommands(pathToFileURL(`${root}/`)), { version, date }));
}
