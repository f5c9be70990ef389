// pure
import { type Finding, ok, problem, warning } from '../finding.js';

/** A configured GPIO line and who has it. */
export interface LineLook {
  /** `relay`. */
  readonly name: string;
  readonly offset: number;
  readonly label: string;
  /** undefined: it is free; null: that cannot be found out here. */
  readonly consumer: string | undefined | null;
}

/** How Kaimon's own lines are held: by its tools, or exported, as they also stay after its end. */
const OWN = ['gpioset', 'gpiomon', 'sysfs'];

/** @param running whether a gate runs on this machine, which then has its lines */
export function judgeLines(backend: string, lines: readonly LineLook[], running: boolean): readonly Finding[] {
  const say = ({ name, offset, consumer }: LineLook) =>
    `${name} ${offset} ${consumer === undefined ? 'free' : consumer === null ? 'there' : `held by ${consumer}`}`;
  const foreign = lines.filter(({ consumer }) => typeof consumer === 'string' && !OWN.includes(consumer));
  const left = lines.filter(({ consumer }) => consumer === 'gpioset' || consumer === 'gpiomon');
  const text = `${backend}: ${lines.map(say).join(', ')}`;
  if (foreign.length > 0)
    return [
      problem('gpio', text, 'give these lines to Kaimon: end what holds them, or name others in the section door'),
    ];
  if (!running && left.length > 0)
    return [
      warning(
        'gpio',
        `${text}, though no gate runs`,
        'a fire that goes on leaves it so; otherwise: sudo kaimon safe-state',
      ),
    ];
  return [ok('gpio', text)];
}
