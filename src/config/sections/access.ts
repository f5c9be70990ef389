import { z } from 'zod';
import { choice, milliseconds, whole } from '../field.js';
import { accessMistakes } from './access-mistakes.js';
import { holidays, name, schedules } from './access-schedules.js';
import { TIME } from './access-times.js';

const groups = z
  .record(name, z.array(name).min(1).max(16).describe('Schedules of the group (a list of 1–16 names of schedules).'))
  .refine((map) => Object.keys(map).length <= 64, 'at most 64 groups')
  .default({})
  .describe(
    'Which schedules let which groups in: {staff: [office], default: [never]}; default are people without groups, and without any group here everybody may enter at any time (a map of up to 64 groups to lists of 1–16 schedules; always and never need no schedule).',
  );

const passback = z
  .strictObject({
    mode: choice(
      'Whether who is inside may not come in again: off, only told, or refused',
      ['off', 'soft', 'hard'],
      'off',
    ),
    direction: choice('Which way this gate leads', ['in', 'out'], 'in'),
    resetAt: z
      .array(z.string().regex(TIME).describe('A time of the day (a time 00:00–23:59).'))
      .max(8)
      .default([])
      .describe('Times of the day at which it is forgotten who is inside (a list of up to 8 times 00:00–23:59).'),
  })
  .refine(({ mode, resetAt }) => mode !== 'hard' || resetAt.length > 0, {
    path: ['resetAt'],
    // A person who leaves by the exit button still counts as inside.
    message: 'access.passback.mode hard needs a time: otherwise who leaves by another way is shut out for ever',
  });

const attacks = z.strictObject({
  alarmAfter: whole(
    'So many pictures held to the camera raise the attack alarm; 0: never',
    { unit: 'pictures', min: 0, max: 100 },
    5,
  ),
  withinMs: whole(
    'Within so long; the alarm ends when there was none for so long',
    milliseconds(1000, 3_600_000),
    300_000,
  ),
  personAfter: whole(
    'So many pictures of one enrolled person ask for more of this face, which delays nobody else; 0: never',
    { unit: 'pictures', min: 0, max: 100 },
    3,
  ),
  personWithinMs: whole('Within so long', milliseconds(1000, 600_000), 60_000),
  personExtraMs: whole(
    'This face must then have been alive for so long before the door opens',
    milliseconds(0, 3000),
    1000,
  ),
});

const doorModes = z
  .array(
    z
      .strictObject({
        mode: z.enum(['open-house', 'locked']).describe('The mode (one of open-house, locked).'),
        schedule: name.describe('While this schedule is open (a name of a schedule).'),
      })
      .describe('A mode and its hours (a map of mode and schedule).'),
  )
  .max(16)
  .default([])
  .describe(
    'Hours in which the door stands open for all, or knows no faces: [{mode: open-house, schedule: reception}] (a list of up to 16 maps of mode and schedule).',
  );

/** Who may enter when. */
export const accessSection = z
  .strictObject({
    timeZone: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/)
      .nullable()
      .default(null)
      .describe(
        'Zone of all times in this section; needed as soon as there are any (a name such as Europe/Berlin, or null).',
      ),
    clock: choice(
      'When the clock of the machine is believed: set by the network or a battery-backed clock, by the network, or unchecked; while it is not believed nothing that depends on the time is granted',
      ['auto', 'synchronised', 'unchecked'],
      'auto',
    ),
    schedules,
    holidays,
    groups,
    doorModes,
    passback: passback.prefault({}).describe('Anti-passback: nobody comes in twice without going out.'),
    attacks: attacks.prefault({}).describe('What attempts with pictures lead to; they keep nobody else out.'),
  })
  .superRefine((section, context) => {
    for (const { path, message } of accessMistakes(section))
      context.addIssue({ code: 'custom', path: [...path], message });
  });
