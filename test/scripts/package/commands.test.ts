import { join } from 'node:path';
import type { Command } from 'commander';
import { beforeAll, expect, test } from 'vitest';
import { makeProgram } from '../../../src/cli/program.js';
import { checkout, run } from '../tree.js';

const part = (name: string, ...more: string[]): string => {
  const { code, out, err } = run(process.execPath, [
    join(checkout, 'scripts/deploy/package.d', name),
    checkout,
    ...more,
  ]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
};

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
const wordsOf = (command: Command): string[] => (command.parent ? [...wordsOf(command.parent), command.name()] : []);
const commands = all(makeProgram());
/** What a person may type; commands also tell themselves something. */
const shownOf = (command: Command) => command.options.filter(({ hidden }) => !hidden);

let page = '';
let script = '';
beforeAll(() => {
  page = part('manual.mjs', '1.2.3', '0');
  script = part('completion.mjs');
});

test('the manual page has every command with every option', () => {
  const text = page.replaceAll('\\-', '-');
  expect(text).toContain('.TH KAIMON 1 "1970-01-01" "kaimon 1.2.3"');
  for (const command of commands.filter((each) => each.commands.length === 0)) {
    expect(text).toContain(`.SS ${wordsOf(command).join(' ')} `);
    for (const { flags } of shownOf(command)) expect(text).toContain(`\\fB${flags}\\fR`);
  }
  expect(text).toContain('0 yes or done, 1 no, 2 wrong use');
});

test('the manual page says nothing of the machine that it was made on', () => {
  expect(page).toContain('as many as there are cores');
});

/** What bash offers for the last of these words. */
function offered(...words: string[]): string[] {
  const ask = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kaimon; printf '%s\\n' "\${COMPREPLY[@]}"`;
  // With a socket for its input bash takes itself for a remote one, and would run what the user of this machine has in .bashrc.
  return run('bash', ['--norc', '-c', `${script}\n${ask}`, 'bash', 'kaimon', ...words])
    .out.split('\n')
    .filter((word) => word !== '');
}

test('the completion knows every command and its options', () => {
  const program = commands[0];
  expect(offered('')).toEqual(expect.arrayContaining(program?.commands.map((command) => command.name()) ?? ['none']));
  for (const command of commands.filter((each) => each.options.length > 0 && each.parent)) {
    const long = shownOf(command).map((option) => option.long);
    expect(offered(...wordsOf(command), '--')).toEqual(expect.arrayContaining(long));
  }
});

test('the completion offers the values of a choice, and takes no value for a command', () => {
  expect(offered('enroll', '--language', '')).toContain('zh-TW');
  expect(offered('--state', 'people', 'pe')).toEqual(['people']);
  expect(offered('run', '--config', '')).toEqual([]);
});
