import type { MeasuredFace } from '../face/observation.js';
import type { Log } from '../kit/log.js';
import type { Person } from '../person/person.js';
import type { EventFields } from '../site/messages.js';
import type { Utterance } from '../voice/phrases.js';

/** What the gate decided on one person in front of it. */
export interface Decision {
  readonly type: 'granted' | 'refused';
  readonly reason: string | null;
  /** One sentence, without a name. */
  readonly text: string;
  readonly person: Person | undefined;
  readonly distance: number | null;
  readonly threshold: number;
  readonly track: number;
  /** The camera's frame, and how long after the first sight of this person. */
  readonly frame: number;
  readonly afterMs: number | null;
  readonly face: MeasuredFace | undefined;
}

/** Tells what happens, to the log and to the site: the same facts to both. Names stand in the log only where wanted. */
export class News {
  readonly #log: Log;
  readonly #names: boolean;
  readonly #event: (type: string, fields: EventFields) => void;

  /** @param names config `log.names` @param event publishes to the site, where there is one */
  constructor(log: Log, names: boolean, event: (type: string, fields: EventFields) => void) {
    this.#log = log;
    this.#names = names;
    this.#event = event;
  }

  decision({ type, face, person, ...facts }: Decision): void {
    const who = person && (this.#names ? { id: person.id, name: person.name } : { id: person.id });
    this.#log.info({ type, ...facts, person: who }, facts.text);
    const box = face ? [face.box.x, face.box.y, face.box.width, face.box.height].map(Math.round) : null;
    this.#event(type, { ...facts, person: person?.id ?? null, name: person?.name ?? null, box });
  }

  greeting({ text, language }: Utterance): void {
    this.#log.info({ language, text: this.#names ? text : undefined }, 'greeting');
    this.#event('greeting', { text, language });
  }

  door(state: string): void {
    this.#log.info({ state }, 'door');
    this.#event('door', { state });
  }

  opened(by: string, reason: string | undefined, opened: boolean): void {
    this.#log.info({ by, reason, opened }, 'asked to open by MQTT');
    this.#event('opened', { by, reason: reason ?? null, opened });
  }
}
