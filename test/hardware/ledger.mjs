// A back office that asks a gate without end and keeps what it was told: each event with its entry, each removal that was answered. What it
// knows must be on the gate's disk, whatever happened to the gate.
import { randomUUID } from 'node:crypto';
import { BackOffice } from '../../dist/demo/back-office.js';
import { NOT_KEPT } from '../rig/kept-journal.mjs';

const ANSWER_MS = 5000;
/** A change is answered after ten seconds where the disk does not answer. */
const CHANGED_MS = 15_000;
/** Before the next request where one was not answered, or refused. */
const PAUSE_MS = 200;

export class Ledger {
  #office;
  #people;
  #rest = async () => undefined;
  /** Type of event by number of its entry. */
  events = new Map();
  /** People whose removal was acknowledged as saved. */
  removed = new Set();
  /** How far the clock of the gate, and with it that of this office, is ahead. */
  clockOffsetMs = 0;

  /** @param people ids to be removed one after the other */
  static async open(url, people) {
    const ledger = new Ledger();
    ledger.#people = [...people];
    ledger.#office = await BackOffice.connect(url, { site: 'rig', gate: 'rig' }, ({ type, entry }) => {
      if (!NOT_KEPT.includes(type) && entry !== undefined) ledger.events.set(entry, type);
    });
    return ledger;
  }

  /** The gate's last state; undefined before the first. */
  get state() {
    return this.#office.state;
  }

  get facts() {
    return this.events.size + this.removed.size;
  }

  /** Resolves with whether the gate did it, all of it, and said so in time. */
  async ask(verb, args, by = 'rig') {
    return (await this.#answer(verb, args, by, ANSWER_MS))?.ok === true;
  }

  /** Undefined where there was none in time: it may have been done or not. */
  #answer(verb, args, by, answerMs) {
    const asking = { by, nowMs: Date.now() + this.clockOffsetMs, answerMs };
    return this.#office.ask(verb, args, asking).catch(() => undefined);
  }

  /** Asks for one thing after the other until {@link rest}; each event and each removal is an acknowledged fact. */
  work() {
    let going = true;
    const done = this.#askAll(() => going);
    this.#rest = () => {
      going = false;
      return done;
    };
  }

  rest() {
    return this.#rest();
  }

  async #askAll(going) {
    for (let n = 0; going(); n++) {
      const by = `asker ${randomUUID()}`;
      const person = n % 2 === 0 ? this.#people.shift() : undefined;
      const [verb, args] = person === undefined ? ['lock', { reason: by }] : ['remove', { id: person }];
      const answer = await this.#answer(verb, args, by, CHANGED_MS);
      // What is not saved yet counts all the same, and is saved once the disk takes it.
      if (!answer?.ok && answer?.error?.code !== 'not-saved')
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      // That the door was locked is a fact once its event has come: the answer waits for no disk.
      else if (person !== undefined) this.removed.add(person);
    }
  }

  close() {
    return this.#office.close();
  }
}
