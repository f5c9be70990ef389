// The commands that Kaimon has, read from their definitions: what the manual page and the completion are made from.

/** What a command's help says below its own part: its examples, or for the program its exit codes. */
function textBelow(command) {
  let whole = '';
  command.configureOutput({
    writeOut: (text) => {
      whole += text;
    },
  });
  command.outputHelp();
  return whole.slice(command.helpInformation().length).trim();
}

function optionOf({
  flags,
  description,
  defaultValue,
  defaultValueDescription,
  required,
  optional,
  argChoices,
  ...option
}) {
  const shown = defaultValueDescription ?? defaultValue;
  return {
    flags,
    names: [option.short, option.long].filter((name) => name !== undefined && name !== null),
    description,
    preset: shown === undefined || typeof shown === 'boolean' ? undefined : String(shown),
    takesValue: required || optional,
    choices: argChoices ?? [],
  };
}

/** One command: its words ("people list"), what it takes, and the commands below it. */
export function describeCommand(command, words = []) {
  return {
    words,
    usage: [...words, command.usage()].join(' '),
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
    })),
    options: command.options.filter(({ hidden }) => !hidden).map(optionOf),
    below: textBelow(command),
    commands: command.commands.map((sub) => describeCommand(sub, [...words, sub.name()])),
  };
}

/** This command and all below it. */
export const allOf = (command) => [command, ...command.commands.flatMap(allOf)];

/** The commands of a built Kaimon. @param root the folder with dist/ */
export async function readCommands(root) {
  const { makeProgram } = await import(new URL('dist/cli/program.js', root));
  return describeCommand(makeProgram());
}
