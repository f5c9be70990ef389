import { stringify } from 'yaml';
import { z } from 'zod';
import { configSchema, defaultConfig } from './config.js';
import { configKeys, configSections, valueAt } from './keys.js';

/** Longest line of the commented file, in characters. */
const WIDTH = 110;

const HEADER = `# yaml-language-server: $schema=./kaimon.schema.json
#
# Kaimon's configuration: every key with its default. Keep what differs and leave out the rest, or keep all of it.
# Any key can be set by the environment too: KAIMON_DOOR__PULSE_MS=3000 is door.pulseMs.
# \`kaimon config check\` finds mistakes, \`kaimon config show\` prints what is in force and why.
# Made by \`kaimon config schema --yaml\`; a test keeps it equal to the code.
`;

function comment(sentence: string, indent: string): string {
  const lines = [''];
  for (const word of sentence.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && indent.length + line.length + word.length + 3 > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `${indent}# ${line}`).join('\n');
}

function render(path: readonly string[]): string {
  const indent = '  '.repeat(path.length - 1);
  const name = path.join('.');
  const key = configKeys.find((candidate) => candidate.name === name);
  if (key !== undefined) {
    const value = stringify(valueAt(defaultConfig, path), { lineWidth: 0 }).trimEnd();
    return `${comment(key.sentence, indent)}\n${indent}${path.at(-1)}: ${value}\n`;
  }
  const section = configSections.find((candidate) => candidate.name === name);
  const members = (section?.members ?? []).map((member) => render([...path, member]));
  return `${comment(section?.sentence ?? '', indent)}\n${indent}${path.at(-1)}:\n${members.join('')}`;
}

/** config/kaimon.yaml: every key with its sentence and its default. */
export function commentedYaml(): string {
  const top = configSections[0]?.members ?? [];
  return [HEADER, ...top.map((member) => render([member]))].join('\n');
}

/** config/kaimon.schema.json: for editors. Rules between keys are beyond JSON Schema; `config check` knows them. */
export function configJsonSchema(): unknown {
  return { title: 'Kaimon configuration', ...z.toJSONSchema(configSchema, { io: 'input' }) };
}
