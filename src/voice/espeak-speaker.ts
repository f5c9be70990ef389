import { messageOf } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import type { Language } from '../person/person.js';
import { runChild } from './child.js';
import { speechOf } from './espeak-text.js';
import type { Utterance } from './phrases.js';
import { type Speaker, withNewest } from './speaker.js';
import { type CacheLimits, SpeechCache, type SpokenFile, speechKey } from './speech-cache.js';

/** Words a minute: a little slower than espeak's own 175, because names must be understood at once. */
const SPEED = 160;

/** Synthesis may take this long, and playing this much longer than the sound itself; then the child is killed. */
const CHILD_LIMIT_MS = 15_000;

/**
 * espeak-ng only writes a file here, yet it would look for a sound server first: it would read the machine's id, and with a
 * PULSE_SERVER in the user's environment even use the network.
 */
const NO_SOUND_SERVER = { PULSE_SERVER: 'unix:/dev/null' } as const;

export interface EspeakOptions {
  /** Folder for sound files of greetings; made when needed. */
  readonly cacheFolder: string;
  /** Default: those of a folder on the disk. */
  readonly limits?: CacheLimits;
  /** ALSA output; null is the default one. */
  readonly device: string | null;
  /** Percent, 0–200. */
  readonly volume: number;
  readonly log: Pick<Log, 'warn' | 'info'>;
  /** Found by PATH unless a test says otherwise. */
  readonly programs?: { readonly espeak: string; readonly aplay: string };
}

/** Speaks with espeak-ng and aplay, each a child process. Failures are logged once, until speaking works again. */
export class EspeakSpeaker implements Speaker {
  readonly #options: EspeakOptions;
  readonly #cache: SpeechCache;
  readonly #closing = new AbortController();
  #waiting: readonly Utterance[] = [];
  #speaking: Promise<void> | null = null;
  #failing = false;

  constructor(options: EspeakOptions) {
    this.#options = options;
    this.#cache = new SpeechCache(options.cacheFolder, options.limits);
  }

  get speaking(): boolean {
    return this.#speaking !== null;
  }

  say(text: string, language: Language): void {
    if (this.#closing.signal.aborted) return;
    this.#waiting = withNewest(this.#waiting, { text, language });
    this.#speaking ??= this.#speakAll();
  }

  async close(): Promise<void> {
    this.#waiting = [];
    this.#closing.abort();
    await this.#speaking;
  }

  async #speakAll(): Promise<void> {
    for (;;) {
      const [next, ...rest] = this.#waiting;
      if (next === undefined) break;
      this.#waiting = rest;
      await this.#speak(next);
    }
    this.#speaking = null;
  }

  async #speak({ text, language }: Utterance): Promise<void> {
    try {
      const spoken = await this.#render(text, language);
      if (spoken === null) return;
      await this.#play(spoken);
      if (this.#failing) this.#options.log.info('greetings are heard again');
      this.#failing = false;
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      if (!this.#failing) {
        // The message alone: its cause repeats a page of output of the sound library.
        this.#options.log.warn({ code: 'KAIMON_VOICE' }, `greetings are not heard: ${messageOf(error)}`);
      }
      this.#failing = true;
    }
  }

  async #render(text: string, language: Language): Promise<SpokenFile | null> {
    const speech = speechOf(text, language);
    if (speech === null) return null;
    const { volume, programs } = this.#options;
    const { voice, input, markup } = speech;
    return this.#cache.get(speechKey(voice, input, SPEED, volume), (file) =>
      runChild({
        program: programs?.espeak ?? 'espeak-ng',
        // -b 1: the input is UTF-8 whatever the locale. The text goes through stdin, where it cannot be an option.
        args: [
          '-v',
          voice,
          '-s',
          `${SPEED}`,
          '-a',
          `${volume}`,
          '-b',
          '1',
          ...(markup ? ['-m'] : []),
          '-w',
          file,
          '--stdin',
        ],
        env: NO_SOUND_SERVER,
        input,
        limitMs: CHILD_LIMIT_MS,
        signal: this.#closing.signal,
      }),
    );
  }

  async #play({ file, seconds }: SpokenFile): Promise<void> {
    const { device, programs } = this.#options;
    await runChild({
      program: programs?.aplay ?? 'aplay',
      args: ['-q', ...(device === null ? [] : ['-D', device]), file],
      limitMs: Math.ceil(seconds * 1000) + CHILD_LIMIT_MS,
      signal: this.#closing.signal,
    });
  }
}
