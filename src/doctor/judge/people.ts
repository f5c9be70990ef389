// pure
import { type Finding, ok, warning } from '../finding.js';
import type { LookAlikes, Pair } from './look-alikes.js';

/** Pairs that are named on the screen. */
const NAMED = 5;

/** People whom the gate would confuse. Names only: how near they are would say something of their faces. */
export function judgeLookAlikes({ pairs, compared, people }: LookAlikes): Finding {
  const part =
    compared < people ? ` (${compared} of ${people} people were compared with the others in the time there is)` : '';
  if (pairs.length === 0) return ok('look-alikes', `none${part}`);
  const say = ({ a, b }: Pair) => `${a.name} (${a.id}) and ${b.name} (${b.id})`;
  const more = pairs.length > NAMED ? `, and ${pairs.length - NAMED} more pairs` : '';
  const text = `hard to tell apart: ${pairs.slice(0, NAMED).map(say).join('; ')}${more}${part}`;
  return warning(
    'look-alikes',
    text,
    'the same person twice: remove one; two people: enrol further photos of both, or they are told that it is not clear who they are',
  );
}
