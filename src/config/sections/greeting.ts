import { z } from 'zod';
import { choice, flag, textOrNull, whole } from '../field.js';

/** The languages of greetings; equal to those of a person (a test holds this). */
export const greetingLanguages = ['en', 'zh-TW'] as const;

/** What is said to people who come in. */
export const greetingSection = z.strictObject({
  enabled: flag('Greet people who are let in', true),
  language: choice('Language of people who have none of their own', greetingLanguages, 'en'),
  speak: flag('Say the greeting aloud; otherwise it is only logged and published', true),
  device: textOrNull(
    'ALSA output, a name that `aplay -L` lists; null takes the default one',
    /^[A-Za-z0-9_][A-Za-z0-9_:=,.-]{0,127}$/,
    'letters, digits and _ : = , . -, 1–128 characters',
  ),
  volume: whole('Loudness of the voice', { unit: 'percent', min: 0, max: 200 }, 100),
});
