import type { Clock } from '../kit/clock.js';
import { closeAll } from '../kit/closing.js';
import { EarlyCalls } from '../kit/early-calls.js';
import type { Log } from '../kit/log.js';
import { DOOR_AT_START, type Door, type DoorReport, type DoorRule, isReleased } from './door.js';
import { DoorKeeper } from './door-keeper.js';
import { ExitButton } from './exit-button.js';
import type { DoorHardware } from './hardware.js';
import type { InputName } from './inputs.js';

/** The door at work: the keeper with its wires, and what is wrong with it. */
export interface StartedDoor {
  readonly keeper: DoorKeeper;
  /** Sentences for the state; empty when all is well. */
  problems(): readonly string[];
  /** Who learns of the door, from its first moment on: to be called when there is somebody. The door waits for nobody. */
  tell(listener: DoorListener): void;
  /** Those who learn of the door are gone: what happens is logged and kept again. */
  tellNobody(): void;
  /** What a stop leaves the door at, for the log. */
  readonly leftAt: 'locked' | 'released: fire';
  /** Locks (in a fire: leaves released), and frees every line. Safe to call twice; never throws. */
  stop(): void;
}

/** Port: learns whether people go through. */
export interface PassageListener {
  /** The contact reports the door open or closed. @param why what has released the door */
  contact(open: boolean, why: 'pulse' | 'free' | 'forced'): void;
  /** The contact's wire is lost. */
  contactLost(): void;
  /** The contact's wire is back. @param open what it says */
  contactBack(open: boolean): void;
  fire(active: boolean): void;
}

export interface DoorListener {
  readonly onReport: (report: DoorReport) => void;
  readonly passages: PassageListener;
  /** Called after each change. */
  readonly onChange: () => void;
}

export interface StartDoorParts {
  readonly hardware: DoorHardware;
  readonly rule: DoorRule;
  /** An exit button that is pressed for longer is stuck, in milliseconds; 0: never. */
  readonly rexStuckMs: number;
  /** What was found to be wrong before, in sentences for the state. */
  readonly found?: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/** A door changes a few times at most in the seconds in which a gate starts; a contact that flutters must not fill the memory. */
const EARLY_MAX = 1000;

/** Puts the door to work: from here on it obeys its wires, whether or not anybody listens yet. */
export function startDoor({ hardware, rule, rexStuckMs, found = [], clock, log }: StartDoorParts): StartedDoor {
  const told = new EarlyCalls<DoorListener>(EARLY_MAX);
  const onChange = () => told.tell((listener) => listener.onChange());
  const passages = (tell: (listener: PassageListener) => void) => told.tell((listener) => tell(listener.passages));
  const lostInputs = new Map<InputName, string>();
  const { lock, indicators, inputs } = hardware;
  const report = (happened: DoorReport) => {
    // The journal has it later, with the time at which it was told.
    if (!told.heard) log.info({ ...happened }, 'the door, before the gate is up');
    told.tell((listener) => listener.onReport(happened));
    onChange();
  };
  const doorAtStart = { ...DOOR_AT_START, fire: hardware.fire };
  const keeper = new DoorKeeper(lock, clock, log, rule, report, indicators, doorAtStart);
  const button = new ExitButton(clock, rexStuckMs, {
    pressed: () => keeper.input('rex', true),
    stuck: (active) => report({ type: 'exit-stuck', active }),
  });
  hardware.onRelayFault((why) => keeper.fault(why));
  inputs.start({
    changed(name, active) {
      if (name === 'rex') {
        const before = button.problems().length;
        button.level(active);
        if (button.problems().length !== before) onChange();
        return;
      }
      const before = keeper.door.contact;
      keeper.input(name, active);
      if (name === 'fire') passages((listener) => listener.fire(active));
      const after = keeper.door.contact;
      // The state in which the door is found at the start is no passage.
      if (after === before) return;
      const why = before === 'unknown' ? 'forced' : releaseOf(keeper.door);
      passages((listener) => listener.contact(after === 'open', why));
    },
    fault(name, why) {
      if (why === null) lostInputs.delete(name);
      else lostInputs.set(name, why);
      if (name === 'rex' && why !== null) button.lost();
      const open = keeper.door.contact === 'open';
      if (name === 'contact')
        passages((listener) => (why === null ? listener.contactBack(open) : listener.contactLost()));
      log[why === null ? 'info' : 'error'](
        { input: name, why },
        why === null ? 'an input is back' : 'an input is lost',
      );
      onChange();
    },
  });
  return {
    keeper,
    problems: () => [
      ...found,
      ...hardware.lampFaults,
      ...problemsOf(keeper, keeper.leaveFault ?? hardware.leaveFault(), lostInputs),
      ...button.problems(),
    ],
    tell(listener) {
      const lost = told.listen(listener);
      if (lost > 0) log.error({ lost }, 'of what the door did before the gate was up, the last is not in the journal');
    },
    get leftAt() {
      return keeper.door.fire ? 'released: fire' : 'locked';
    },
    tellNobody: () => told.forget(),
    stop() {
      const ends = [{ close: () => keeper.stop() }, button, inputs];
      for (const why of closeAll(ends)) log.error({ why }, 'a line of the door could not be closed');
    },
  };
}

/** What had released a door that has just been opened. Within the grace after a pulse it is the pulse: the hand was on the door. */
function releaseOf(door: Door): 'pulse' | 'free' | 'forced' {
  if (door.passing) return 'pulse';
  if (isReleased(door)) return 'free';
  return door.alarm?.kind === 'forced' ? 'forced' : 'pulse';
}

function problemsOf(
  { door }: DoorKeeper,
  leaveFault: string | null,
  lostInputs: ReadonlyMap<InputName, string>,
): string[] {
  const problems: string[] = [];
  if (door.fault !== null) problems.push('the door relay cannot be driven');
  if (door.fire) problems.push('fire: the door is released');
  if (leaveFault !== null)
    problems.push(`if this process were killed now, the door would not be left as it must be: ${leaveFault}`);
  if (door.tampered) problems.push('tamper: the housing is open');
  for (const [name, why] of lostInputs) problems.push(`the input ${name} is lost: ${why}`);
  return problems;
}
