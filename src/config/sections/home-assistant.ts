import { z } from 'zod';
import { choice, flag, text, whole } from '../field.js';

/** What Home Assistant may ask for, in the order in which it is offered. */
export const HOME_ASSISTANT_COMMANDS = ['lock', 'unlock', 'open'] as const;

/** Home Assistant, over the broker of section mqtt. */
export const homeAssistantSection = z.strictObject({
  enabled: flag('Show this gate in Home Assistant, through its MQTT discovery; needs mqtt.enabled', false),
  discoveryPrefix: text(
    "Home Assistant's discovery prefix, as set there",
    /^[A-Za-z0-9_-]{1,64}(\/[A-Za-z0-9_-]{1,64}){0,3}$/,
    '1–4 words of A–Z, a–z, 0–9, _ and -, with / between them',
    'homeassistant',
  ),
  names: flag('Tell Home Assistant who was let in or refused, with id and name; it keeps that in its history', false),
  commands: z
    .array(z.enum(HOME_ASSISTANT_COMMANDS).describe(`A command (one of ${HOME_ASSISTANT_COMMANDS.join(', ')}).`))
    .max(HOME_ASSISTANT_COMMANDS.length)
    .default([])
    .describe(
      `What Home Assistant may ask for; none of it is signed: whoever may publish on this gate's home-assistant/command can do it (a list of ${HOME_ASSISTANT_COMMANDS.join(', ')}).`,
    ),
  unsignedBesideKeys: flag('Do what Home Assistant asks for although this site has keys', false),
  picture: choice(
    'Send Home Assistant a picture of the camera again and again',
    ['none', 'without-faces', 'whole'],
    'none',
  ),
  pictureSeconds: whole('Time between two pictures', { unit: 'seconds', min: 5, max: 3600 }, 30),
});
