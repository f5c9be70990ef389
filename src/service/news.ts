import type { DoorReport } from '../door/door.js';
import type { Box, MeasuredFace } from '../face/observation.js';
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

/** A picture or screen that was held to the camera. */
export interface Spoof {
  readonly track: number;
  readonly frame: number;
  readonly box: Box;
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
    const box = face ? pixelsOf(face.box) : null;
    this.#event(type, { ...facts, person: person?.id ?? null, name: person?.name ?? null, box });
  }

  spoof({ box, ...facts }: Spoof): void {
    this.#log.warn(facts, 'a picture or a screen was held to the camera');
    this.#event('spoof', { ...facts, box: pixelsOf(box) });
  }

  greeting({ text, language }: Utterance): void {
    this.#log.info({ language, text: this.#names ? text : undefined }, 'greeting');
    this.#event('greeting', { text, language });
  }

  door({ type, ...facts }: DoorReport): void {
    const level = type === 'door' || type === 'exit' || type === 'mode' ? 'info' : 'warn';
    this.#log[level](facts, type);
    this.#event(type, facts);
  }

  /** Somebody asked for something by MQTT. @param done whether the door did it */
  asked(verb: 'open' | 'lock' | 'mode', by: string, facts: EventFields, done: boolean): void {
    this.#log.info({ verb, by, ...facts, done }, `asked by MQTT: ${verb}`);
    const type = { open: 'opened', lock: 'lock-asked', mode: 'mode-asked' }[verb];
    this.#event(type, { by, ...facts, [verb === 'open' ? 'opened' : 'done']: done });
  }
}

/** x, y, width and height in whole pixels. */
const pixelsOf = ({ x, y, width, height }: Box): number[] => [x, y, width, height].map(Math.round);
