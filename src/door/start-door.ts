import type { DoorDesk } from '../gate/request-handlers.js';
import type { Clock } from '../kit/clock.js';
import { closeAll } from '../kit/closing.js';
import type { Log } from '../kit/log.js';
import type { WhereaboutsKeeper } from '../passback/whereabouts.js';
import type { News } from '../report/reporter.js';
import { type Door, type DoorMode, type DoorRule, isReleased } from './door.js';
import { DoorKeeper } from './door-keeper.js';
import type { DoorHardware } from './hardware.js';
import type { InputName } from './inputs.js';

/** The door at work: the keeper with its wires, what requests may do to it, and what is wrong with it. */
export interface DoorService {
  readonly keeper: DoorKeeper;
  readonly desk: DoorDesk;
  /** Sentences for the state; empty when all is well. */
  problems(): readonly string[];
  /** Throws the bolt and lets go of every line. Safe to call twice; never throws. */
  stop(): void;
}

export interface DoorServiceParts {
  readonly hardware: DoorHardware;
  readonly rule: DoorRule;
  readonly clock: Clock;
  readonly log: Log;
  readonly news: News;
  /** Who goes through. */
  readonly whereabouts: Pick<WhereaboutsKeeper, 'contact' | 'contactLost' | 'contactBack' | 'fire'>;
  /** Somebody has asked for a mode, or to lock. */
  readonly ordered: (asked: DoorMode | 'lock') => void;
  /** Called after each change. */
  readonly changed: () => void;
}

/** Puts the door to work: from here on it obeys its wires. */
export function startDoor({
  hardware,
  rule,
  clock,
  log,
  news,
  whereabouts,
  ordered,
  changed,
}: DoorServiceParts): DoorService {
  const deaf = new Map<InputName, string>();
  const { lock, indicators, inputs } = hardware;
  const keeper = new DoorKeeper(
    lock,
    clock,
    log,
    rule,
    (report) => {
      news.door(report);
      changed();
    },
    indicators,
  );
  hardware.onRelayFault((why) => keeper.fault(why));
  inputs.start({
    changed(name, active) {
      const before = keeper.door.contact;
      keeper.input(name, active);
      if (name === 'fire') whereabouts.fire(active);
      const after = keeper.door.contact;
      // How the door was found at the start is no passage.
      if (after !== before)
        whereabouts.contact(after === 'open', before === 'unknown' ? 'forced' : releaseOf(keeper.door));
    },
    fault(name, why) {
      if (why === null) deaf.delete(name);
      else deaf.set(name, why);
      if (name === 'contact' && why !== null) whereabouts.contactLost();
      if (name === 'contact' && why === null) whereabouts.contactBack(keeper.door.contact === 'open');
      log[why === null ? 'info' : 'error'](
        { input: name, why },
        why === null ? 'an input is back' : 'an input is lost',
      );
      changed();
    },
  });
  const desk: DoorDesk = {
    open(by, reason) {
      const why = keeper.shut;
      const opened = keeper.open('open', by);
      news.asked('open', by, reason ?? null, {}, opened);
      return opened ? undefined : (why ?? 'fault');
    },
    lock(by, reason) {
      keeper.lock();
      ordered('lock');
      news.asked('lock', by, reason ?? null, {}, true);
    },
    setMode(mode, by, reason) {
      keeper.setMode(mode);
      ordered(mode);
      news.asked('mode', by, reason ?? null, { mode }, true);
    },
    now: () => ({ mode: keeper.door.mode, state: keeper.state }),
  };
  return {
    keeper,
    desk,
    problems: () => problemsOf(keeper, deaf),
    stop() {
      const ends = [{ close: () => keeper.stop() }, inputs];
      for (const why of closeAll(ends)) log.error({ why }, 'a line of the door could not be closed');
    },
  };
}

/** By what a door that has just been opened was released; in the grace after a pulse the hand was on it in the pulse. */
function releaseOf(door: Door): 'pulse' | 'free' | 'forced' {
  if (door.passing) return 'pulse';
  if (isReleased(door)) return 'free';
  return door.alarm?.kind === 'forced' ? 'forced' : 'pulse';
}

function problemsOf({ door }: DoorKeeper, deaf: ReadonlyMap<InputName, string>): string[] {
  const problems: string[] = [];
  if (door.fault !== null) problems.push('the door relay cannot be driven');
  if (door.fire) problems.push('fire: the door is released');
  if (door.tampered) problems.push('tamper: the housing is open');
  for (const [name, why] of deaf) problems.push(`the input ${name} is lost: ${why}`);
  return problems;
}
