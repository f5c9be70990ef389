import { z } from 'zod';
import { between, choice, flag, whole } from '../field.js';
import { GPIO_BACKEND_NAMES, GPIO_BACKENDS, PULL_SETTERS, THROUGH_WHAT } from '../gpio-backends.js';

const milliseconds = (min: number, max: number) => ({ unit: 'milliseconds', min, max });

/** The GPIO line of a wire: a BCM number on a Raspberry Pi, otherwise chip label and offset. */
const line = (what: string) =>
  z
    .union([
      z.int().min(0).max(255),
      z.strictObject({ chip: z.string().regex(/^[^\p{Cc}]{1,64}$/u), offset: z.int().min(0).max(1023) }),
    ])
    .nullable()
    .default(null)
    .describe(
      `${what}; {chip: LABEL, offset: N} where there are no BCM numbers (a BCM number 0–255, a map of chip and offset, or null).`,
    );

const output = (what: string) =>
  z
    .strictObject({
      line: line(`Line of the ${what}`),
      activeLow: flag('It is on while the line is low, as with most relay boards of the trade', false),
    })
    .prefault({});

const input = (what: string, means: string, activeLevel: 'high' | 'low') =>
  z
    .strictObject({
      line: line(`Line of the ${what}; null where there is none`),
      activeLevel: choice(`Level of the line that means: ${means}`, ['high', 'low'], activeLevel),
      pull: choice(
        `Resistor inside the chip that holds an open wire; only the ${PULL_SETTERS} back end can set it; safe: there the one that makes a cut wire safe`,
        ['safe', 'as-is', 'up', 'down', 'none'],
        'safe',
      ),
    })
    .prefault({});

/** Whether a back end that cannot set a pull is of no use for this input. */
export const asksForPull = ({ pull }: { readonly pull: string }): boolean => pull !== 'safe' && pull !== 'as-is';

const gpioSection = z
  .strictObject({
    backend: choice(
      `How lines are driven: ${THROUGH_WHAT}, auto takes what this machine has`,
      ['auto', ...GPIO_BACKEND_NAMES],
      'auto',
    ),
    simulatedWires: choice(
      'Back end simulated: who moves the wires; parent is the process that started the gate, such as kaimon demo --door',
      ['nobody', 'parent'],
      'nobody',
    ),
  })
  .prefault({});

const WIRES = ['relay', 'contact', 'rex', 'tamper', 'fire', 'greenLed', 'redLed', 'buzzer'] as const;

type Line = number | { readonly chip: string; readonly offset: number } | null;
type Wires = Readonly<Record<(typeof WIRES)[number], { readonly line: Line }>>;

/** Wires whose line another wire before them has; a BCM number and a chip's offset are not compared. */
function linesTwice(section: Wires & { readonly kind: string }): { readonly wire: string; readonly other: string }[] {
  if (section.kind !== 'gpio') return [];
  const nameOf = (line: Line) => (line === null || typeof line === 'number' ? line : `${line.chip}\n${line.offset}`);
  const lines = WIRES.map((wire) => ({ wire, line: nameOf(section[wire].line) }));
  return lines.flatMap(({ wire, line }, at) => {
    const other = line === null ? undefined : lines.slice(0, at).find((earlier) => earlier.line === line);
    return other ? [{ wire, other: other.wire }] : [];
  });
}

/** The door: lock, wires and what counts as an alarm. */
export const doorSection = z
  .strictObject({
    kind: choice('What drives the lock', ['simulated', 'gpio'], 'simulated'),
    pulseMs: whole('How long a grant keeps the lock released', milliseconds(100, 30_000), 3000),
    relockOnClose: flag('Lock as soon as the door was opened and closed again, before the pulse ends', false),
    heldMs: whole('A door that stands open for longer is an alarm', milliseconds(1000, 600_000), 30_000),
    heldWarningMs: whole(
      'So long before that the buzzer beeps, so that whoever holds the door closes it; 0: never',
      milliseconds(0, 600_000),
      10_000,
    ),
    escalateMs: whole(
      'An alarm that lasts for so long is raised to level 2; 0: never',
      milliseconds(0, 3_600_000),
      120_000,
    ),
    alarmRepeatMs: whole('An alarm that goes on is told again after each', milliseconds(5000, 3_600_000), 60_000),
    forcedAlarm: flag('Opening without grant or exit button is an alarm; false where a handle lets people out', true),
    forcedGraceMs: whole('Opening so shortly after the pulse is not forced yet', milliseconds(0, 5000), 1000),
    lockType: choice(
      'Whether the relay must be on to release (fail-secure) or on to lock (fail-safe)',
      ['fail-secure', 'fail-safe'],
      'fail-secure',
    ),
    gpio: gpioSection.describe('Kind gpio: the lines.'),
    relay: output('relay').describe('Kind gpio: the relay.'),
    contact: input('door contact', 'the door is open', 'high').describe('The door contact.'),
    rex: input('exit button', 'pressed', 'low').describe('The exit button (request to exit).'),
    rexStuckMs: whole(
      'An exit button that is pressed for longer counts as stuck, a problem in the state; 0: never',
      milliseconds(0, 3_600_000),
      60_000,
    ),
    tamper: input('tamper contact', 'the housing was opened', 'high').describe('The tamper contact.'),
    fire: input('fire alarm', 'fire', 'high').describe('The input of the fire alarm.'),
    debounceMs: whole('A wire must keep its level for so long before it counts', milliseconds(1, 1000), 30),
    greenLed: output('green lamp: the door may be opened').describe('The green lamp.'),
    redLed: output('red lamp: the door is locked').describe('The red lamp.'),
    buzzer: output('buzzer: beeps ask to close the door, a tone is an alarm').describe('The buzzer.'),
  })
  .refine(
    ({ heldMs, heldWarningMs }) => heldWarningMs < heldMs,
    between(
      ['heldMs', 'heldWarningMs'],
      'heldWarningMs',
      'door.heldWarningMs must be less than door.heldMs: it is how long before it the warning comes',
    ),
  )
  // These rules run even where the file has a list in place of the section, so any key may be missing here.
  .refine(
    ({ kind, relay }) => kind !== 'gpio' || relay?.line !== null,
    between(['kind', 'relay'], 'relay', 'door.kind gpio needs door.relay.line'),
  )
  .refine(
    ({ gpio, contact, rex, tamper, fire }) =>
      gpio === undefined ||
      gpio.backend === 'auto' ||
      GPIO_BACKENDS[gpio.backend].setsPulls ||
      [contact, rex, tamper, fire].every((wire) => wire === undefined || !asksForPull(wire)),
    {
      path: ['gpio', 'backend'],
      when: between(['gpio', 'contact', 'rex', 'tamper', 'fire'], 'gpio', '').when,
      error: ({ input }) => {
        // The rule was broken, so the section is a map with a back end.
        const { gpio } = input as { readonly gpio: { readonly backend: string } };
        return `the ${gpio.backend} back end cannot set a pull: use ${PULL_SETTERS}, or a resistor on the board`;
      },
    },
  )
  .superRefine((section, context) => {
    for (const { wire, other } of linesTwice(section))
      context.addIssue({
        code: 'custom',
        path: [wire, 'line'],
        message: `this line is door.${other}.line already: each wire needs a line of its own`,
      });
  });
