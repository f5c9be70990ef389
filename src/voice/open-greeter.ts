import type { Opening } from '../config/opening.js';
import { EspeakSpeaker } from './espeak-speaker.js';
import { Greeter } from './greeter.js';
import type { Utterance } from './phrases.js';
import { SilentSpeaker } from './silent-speaker.js';
import type { CacheLimits } from './speech-cache.js';
import { voiceFolder } from './voice-folder.js';

/** What greetings may take of the memory. */
const MEMORY_LIMITS: CacheLimits = { files: 50, bytes: 8 * 1024 * 1024 };

/** The voice as the configuration wants it; undefined where nobody is greeted. */
export async function openGreeter(
  { config, paths, vault, clock, log, endings, warnings }: Opening,
  onSaid: (utterance: Utterance) => void,
): Promise<Greeter | undefined> {
  const { enabled, speak, device, volume, language } = config.greeting;
  if (!enabled) return undefined;
  const cacheFolder = voiceFolder(paths, vault, log);
  if (speak && cacheFolder === undefined)
    warnings.push(
      `voice-silent: people are sealed, and ${paths.run} is not in the memory: greetings, which say names, would be on the disk`,
    );
  const speaker =
    speak && cacheFolder !== undefined
      ? new EspeakSpeaker({ cacheFolder, device, volume, log, ...(vault.seals && { limits: MEMORY_LIMITS }) })
      : new SilentSpeaker();
  return endings.open(
    'the voice',
    () => new Greeter(speaker, clock, language, onSaid),
    (greeter) => greeter.close(),
  );
}
