// pure
/** The story of `kaimon demo --door`: what is done to the wires and asked over MQTT, and what must come of it. */
import type { DoorState } from '../door/door.js';
import type { InputName } from '../door/inputs.js';

/** Where the demo's wires end. All are active high, so that a wire left alone means that all is well. */
export const WIRES = {
  relay: 17,
  rex: 22,
  contact: 23,
  tamper: 24,
  fire: 25,
  greenLed: 5,
  redLed: 6,
  buzzer: 13,
} as const;

/** Short, so that the story takes seconds; at a real door they are ten times as long. */
export const DOOR_TIMES = {
  pulseMs: 1000,
  relockOnClose: true,
  heldMs: 3000,
  heldWarningMs: 1500,
  escalateMs: 2500,
  forcedGraceMs: 0,
} as const;

export type Act =
  | { readonly kind: 'wire'; readonly wire: InputName; readonly active: boolean }
  /** @param answer `ok`, or the code of the refusal */
  | {
      readonly kind: 'ask';
      readonly verb: 'open' | 'lock' | 'mode';
      readonly args: Readonly<Record<string, string>>;
      readonly answer: string;
    }
  | { readonly kind: 'break-relay' }
  /** Only waits. */
  | { readonly kind: 'wait' };

export interface Move {
  /** What is done, as a bystander sees it. */
  readonly text: string;
  readonly act: Act;
  /** The events that follow, in the words of {@link summaryOf}; those that come at the same time may come in any order. */
  readonly events: readonly string[];
}

export interface Step {
  readonly title: string;
  readonly moves: readonly Move[];
  /** How the door is at the end of the step, in `G/state` and at the relay's wire. */
  readonly state: DoorState;
  readonly released: boolean;
}

const wire = (text: string, name: InputName, active: boolean, ...events: string[]): Move => ({
  text,
  act: { kind: 'wire', wire: name, active },
  events,
});
const ask = (
  text: string,
  verb: 'open' | 'lock' | 'mode',
  args: Readonly<Record<string, string>>,
  answer: string,
  ...events: string[]
): Move => ({ text, act: { kind: 'ask', verb, args, answer }, events });
const wait = (text: string, ...events: string[]): Move => ({ text, act: { kind: 'wait' }, events });

const PRESS: readonly Move[] = [
  wire('the exit button is pressed', 'rex', true, 'exit', 'door unlocked'),
  wire('it is let go; the pulse ends', 'rex', false, 'door locked'),
];

export const STEPS: readonly Step[] = [
  {
    title: 'Nobody is there',
    moves: [],
    state: 'locked',
    released: false,
  },
  { title: 'Somebody leaves: exit button', moves: PRESS, state: 'locked', released: false },
  {
    title: 'The office opens by MQTT; somebody walks through',
    moves: [
      ask('request open', 'open', { reason: 'parcel' }, 'ok', 'door unlocked', 'opened'),
      wire('the door opens', 'contact', true, 'door open'),
      wire('the door closes, and is locked before the pulse is over', 'contact', false, 'door locked'),
    ],
    state: 'locked',
    released: false,
  },
  {
    title: 'Somebody holds the door',
    moves: [
      ask('request open', 'open', {}, 'ok', 'door unlocked', 'opened'),
      wire('the door opens and stays so', 'contact', true, 'door open'),
      wait('the buzzer beeps', 'held-warning'),
      wait('the alarm', 'held-open begins', 'door held'),
      wait('nobody comes', 'held-open escalates to level 2'),
      wire('the door closes', 'contact', false, 'held-open ends', 'door locked'),
    ],
    state: 'locked',
    released: false,
  },
  {
    title: 'Somebody forces the door',
    moves: [
      wire('the door opens, and nobody had a right to it', 'contact', true, 'forced begins', 'door forced'),
      wire('the door closes', 'contact', false, 'forced ends', 'door locked'),
    ],
    state: 'locked',
    released: false,
  },
  {
    title: 'Somebody opens the housing',
    moves: [
      wire('the tamper contact opens', 'tamper', true, 'tamper begins'),
      wire('the housing is closed', 'tamper', false, 'tamper ends'),
    ],
    state: 'locked',
    released: false,
  },
  {
    title: 'The office locks the door for everybody; whoever is inside still gets out',
    moves: [
      ask('request mode locked', 'mode', { mode: 'locked' }, 'ok', 'mode locked', 'mode-asked'),
      ask('request open is refused', 'open', {}, 'door-mode', 'opened: not done'),
      ...PRESS,
      ask('request mode normal', 'mode', { mode: 'normal' }, 'ok', 'mode normal', 'mode-asked'),
    ],
    state: 'locked',
    released: false,
  },
  {
    title: 'Fire',
    moves: [
      wire('the fire alarm goes off', 'fire', true, 'fire begins', 'door unlocked'),
      ask('request lock changes nothing', 'lock', {}, 'ok', 'lock-asked'),
      wire('people leave, the door stands open: no alarm', 'contact', true, 'door open'),
    ],
    state: 'open',
    released: true,
  },
  {
    title: 'The fire is out',
    moves: [
      wire('the door closes, still released', 'contact', false, 'door unlocked'),
      wire('the fire alarm is reset', 'fire', false, 'fire ends', 'door locked'),
    ],
    state: 'locked',
    released: false,
  },
  {
    title: 'The relay breaks',
    moves: [
      { text: 'the relay does not obey any more', act: { kind: 'break-relay' }, events: [] },
      ask('request open is refused', 'open', {}, 'door-fault', 'door fault', 'opened: not done'),
    ],
    state: 'fault',
    released: false,
  },
];

/** An event in a few words; undefined for those that are not the door's. */
export function summaryOf(event: Readonly<Record<string, unknown>>): string | undefined {
  const { type } = event;
  switch (type) {
    case 'door':
      return `door ${String(event['state'])}`;
    case 'mode':
      return `mode ${String(event['mode'])}`;
    case 'held-open':
    case 'forced':
      return `${type} ${String(event['phase'])}${event['phase'] === 'escalates' ? ` to level ${String(event['level'])}` : ''}`;
    case 'tamper':
    case 'fire':
      return `${type} ${event['active'] === true ? 'begins' : 'ends'}`;
    case 'opened':
      return event['opened'] === true ? type : `${type}: not done`;
    case 'exit':
    case 'held-warning':
    case 'lock-asked':
    case 'mode-asked':
      return type;
    default:
      return undefined;
  }
}
