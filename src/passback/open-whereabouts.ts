import type { TrustedClock } from '../clock-trust/trusted-clock.js';
import type { Opening } from '../config/opening.js';
import type { Calendar } from '../schedule/calendar.js';
import { openPassages } from './passages-file.js';
import type { PassbackRule } from './passback.js';
import { Whereabouts, type WhereaboutsParts } from './whereabouts.js';

/** Where people are, with what was known before the restart. @throws OperatingError KAIMON_FILE_READ */
export async function openWhereabouts(
  { config, paths, clock, log, endings }: Opening,
  { passback: rule, calendar }: { readonly passback: PassbackRule; readonly calendar: Calendar },
  trustedClock: Pick<TrustedClock, 'trusted'>,
  parts: Pick<WhereaboutsParts, 'people' | 'onPassed' | 'onViolation'>,
): Promise<Whereabouts> {
  const file = await endings.open(
    'the passages',
    () => openPassages(paths.state, { clock, log }),
    (opened) => opened.close(),
  );
  const { kind, contact, pulseMs, forcedGraceMs } = config.door;
  return new Whereabouts({
    ...parts,
    rule,
    calendar,
    gate: config.gate,
    file,
    clock,
    trustedClock,
    hasContact: kind === 'gpio' && contact.line !== null,
    pulseMs: pulseMs + forcedGraceMs,
  });
}
