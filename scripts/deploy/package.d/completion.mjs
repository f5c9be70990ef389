// node completion.mjs ROOT: prints the completion of bash for kaimon, made from the definitions of the commands.
import { argv, stdout } from 'node:process';
import { pathToFileURL } from 'node:url';
import { allOf, readCommands } from './commands.mjs';

const names = (options) => options.flatMap((option) => option.names);
const patterns = (texts) => texts.map((text) => `'${text}'`).join(' | ');
const pathOf = ({ words }) => words.map((word) => ` ${word}`).join('');

/** The script of a program. Where it knows nothing better it offers files. */
export function completion(program) {
  const every = allOf(program);
  const valued = [
    ...new Set(every.flatMap(({ options }) => names(options.filter(({ takesValue }) => takesValue)))),
  ].sort();
  const choices = every.flatMap((command) =>
    command.options
      .filter((option) => option.choices.length > 0)
      .flatMap((option) => option.names.map((name) => [`${pathOf(command)} ${name}`, option.choices.join(' ')])),
  );
  // The program's own options may follow any command.
  const offered = every.map((command) => [
    pathOf(command),
    [
      ...command.commands.map(({ words }) => words.at(-1)),
      ...new Set([...names(command.options), ...names(program.options), '--help']),
    ].join(' '),
  ]);
  return `# Made from the definitions of the commands by scripts/deploy/package: not to be edited.
_kaimon() {
  local current=\${COMP_WORDS[COMP_CWORD]} path='' word offered='' skip='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in ${patterns(valued)}) skip=yes ;; esac
    case "$path $word" in
      ${patterns(offered.map(([path]) => path).filter((path) => path !== ''))}) path+=" $word" ;;
    esac
  done
  if [[ -n $skip ]]; then
    case "$path \${COMP_WORDS[COMP_CWORD - 1]}" in
${choices.map(([key, words]) => `      '${key}') offered='${words}' ;;`).join('\n')}
    esac
  else
    case $path in
${offered.map(([path, words]) => `      '${path}') offered='${words}' ;;`).join('\n')}
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$current")
}
complete -o default -F _kaimon kaimon
`;
}

if (import.meta.url === pathToFileURL(argv[1]).href) {
  stdout.write(completion(await readCommands(pathToFileURL(`${argv[2]}/`))));
}
