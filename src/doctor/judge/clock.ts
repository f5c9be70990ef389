// pure
import type { ClockFacts, ClockNeeds } from '../../clock-trust/clock-trust.js';
import { type Finding, ok, problem, warning } from '../finding.js';

/** @param needs configuration `access.clock` @param matters whether hours, dates or anti-passback depend on the clock */
export function judgeClock({ synchronisedMs, rtcAgrees }: ClockFacts, needs: ClockNeeds, matters: boolean): Finding {
  const says = [
    synchronisedMs === undefined ? 'the network does not confirm it' : 'the network confirms it',
    rtcAgrees ? 'a battery-backed clock agrees' : 'no battery-backed clock agrees',
  ].join(', ');
  if (needs === 'unchecked') return ok('clock', `${says}; it is believed unchecked (access.clock)`);
  const confirmed = synchronisedMs !== undefined || (needs === 'auto' && rtcAgrees);
  if (confirmed) return ok('clock', says);
  const advice = 'sudo timedatectl set-ntp true, and a way to a time server; or a battery-backed clock';
  return matters
    ? problem('clock', `${says}: what depends on hours and dates is refused`, advice)
    : warning('clock', says, advice);
}
