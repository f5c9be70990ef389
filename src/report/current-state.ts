import type { AttackAlarm } from '../access/attack-alarm.js';
import { needClock, type Rules } from '../access/rules.js';
import type { TrustedClock } from '../clock-trust/trusted-clock.js';
import type { StartedDoor } from '../door/start-door.js';
import type { EyeSupervisor } from '../eye/supervisor.js';
import type { Gate } from '../gate/gate.js';
import type { PaceWatch } from '../gate/pace-watch.js';
import type { JournalWriter } from '../journal/writer.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import type { Whereabouts } from '../passback/whereabouts.js';
import type { DoorOrderFile } from '../schedule/door-order-file.js';
import type { PeopleStore } from '../store/people-store.js';
import { type GateState, gateState } from './status.js';

/** The parts that the state is put together from. */
export interface CurrentStateParts {
  readonly door: StartedDoor;
  readonly doorOrder: Pick<DoorOrderFile, 'problems'>;
  readonly rules: Rules;
  readonly trustedClock: Pick<TrustedClock, 'distrust'>;
  readonly attackAlarm: Pick<AttackAlarm, 'problems'>;
  readonly pace: Pick<PaceWatch, 'problems'>;
  readonly whereabouts: Pick<Whereabouts, 'problems' | 'counts'>;
  readonly eye: Pick<EyeSupervisor, 'status' | 'blindMs'>;
  readonly people: Pick<PeopleStore, 'fault' | 'problems'>;
  readonly journal: Pick<JournalWriter, 'fault'>;
  readonly gate: Pick<Gate, 'threshold'>;
  readonly log: Pick<Log, 'problems'>;
  /** Dangerous settings, in sentences. */
  readonly warnings: readonly string[];
  /** Whether there is a connection to the broker. */
  readonly connected: () => boolean;
}

/** The gate's state at this moment. */
export function currentState(parts: CurrentStateParts): GateState {
  const {
    door,
    doorOrder,
    rules,
    trustedClock,
    attackAlarm,
    pace,
    whereabouts,
    eye,
    people,
    journal,
    gate,
    log,
    warnings,
    connected,
  } = parts;
  const distrust = needClock(rules) ? trustedClock.distrust : undefined;
  return gateState({
    door: { mode: door.keeper.mode, state: door.keeper.state },
    doorProblems: [
      ...door.problems(),
      ...doorOrder.problems,
      ...attackAlarm.problems(),
      ...pace.problems(),
      ...(distrust === undefined ? [] : [distrust]),
      ...people.problems,
      ...whereabouts.problems(connected()),
      ...(log.problems?.() ?? []),
    ],
    eye: eye.status,
    peopleFault: people.fault === undefined ? null : explain(people.fault),
    journalFault: journal.fault ?? null,
    threshold: gate.threshold,
    passages: whereabouts.counts,
    blindMs: eye.blindMs,
    warnings,
  });
}
