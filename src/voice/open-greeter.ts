import { join } from 'node:path';
import type { Opening } from '../config/opening.js';
import { EspeakSpeaker } from './espeak-speaker.js';
import { Greeter } from './greeter.js';
import type { Utterance } from './phrases.js';
import { SilentSpeaker } from './silent-speaker.js';

/** The voice as the configuration wants it; undefined where nobody is greeted. */
export async function openGreeter(
  { config, paths, clock, log, endings }: Opening,
  onSaid: (utterance: Utterance) => void,
): Promise<Greeter | undefined> {
  const { enabled, speak, device, volume, language } = config.greeting;
  if (!enabled) return undefined;
  const cacheFolder = join(paths.cache, 'voice');
  const speaker = speak ? new EspeakSpeaker({ cacheFolder, device, volume, log }) : new SilentSpeaker();
  return endings.open(
    'the voice',
    () => new Greeter(speaker, clock, language, onSaid),
    (greeter) => greeter.close(),
  );
}
