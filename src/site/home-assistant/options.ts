// pure
import type { Config } from '../../config/config.js';
import type { Device } from './topics.js';

/** A command counts for so long after it was sent, and may be this far ahead of the gate's clock. */
export const COMMAND_LIFE_MS = 10_000;

/** What Home Assistant may ask for at the door. */
export type DoorCommand = Config['homeAssistant']['commands'][number];
/** …and elsewhere. */
export type Command = DoorCommand | 'picture';

/** What one gate offers in Home Assistant. */
export interface Options {
  readonly device: Device;
  /** Kaimon's version. */
  readonly version: string;
  /** Whether persons' ids and names are told. */
  readonly names: boolean;
  readonly commands: readonly DoorCommand[];
  readonly picture: Config['homeAssistant']['picture'];
  /** Which inputs the door has. */
  readonly wires: { readonly contact: boolean; readonly tamper: boolean; readonly fire: boolean };
}

/** The options that a configuration asks for. */
export function optionsOf(config: Pick<Config, 'site' | 'gate' | 'homeAssistant' | 'door'>, version: string): Options {
  const { site, gate, door, homeAssistant } = config;
  const { discoveryPrefix: prefix, names, commands, picture } = homeAssistant;
  const wired = (input: 'contact' | 'tamper' | 'fire') => door.kind === 'gpio' && door[input].line !== null;
  return {
    device: { prefix, site, gate },
    version,
    names,
    commands,
    picture,
    wires: { contact: wired('contact'), tamper: wired('tamper'), fire: wired('fire') },
  };
}

/** All that Home Assistant may ask for. */
export const commandsOf = ({ commands, picture }: Pick<Options, 'commands' | 'picture'>): readonly Command[] => [
  ...commands,
  ...(picture === 'none' ? [] : (['picture'] as const)),
];
