import { join } from 'node:path';
import type { Config } from '../config/config.js';
import type { Clock } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import { EspeakSpeaker } from './espeak-speaker.js';
import { Greeter } from './greeter.js';
import type { Utterance } from './phrases.js';
import { SilentSpeaker } from './silent-speaker.js';

/**
 * The greeter as the configuration wants it; undefined where greetings are turned off.
 * @param cache folder for sound files that were made before @param onGreeting called with each greeting that is said
 */
export function openGreeter(
  { enabled, speak, device, volume, language }: Config['greeting'],
  cache: string,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  onGreeting: (utterance: Utterance) => void,
): Greeter | undefined {
  if (!enabled) return undefined;
  const speaker = speak
    ? new EspeakSpeaker({ cacheFolder: join(cache, 'voice'), device, volume, log })
    : new SilentSpeaker();
  return new Greeter(speaker, clock, language, onGreeting);
}
