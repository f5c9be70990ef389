import type { WireOrder } from '../door/gpio/wire-control.js';
import type { BackOffice } from './back-office.js';
import type { Daemon } from './daemon.js';
import type { DoorEvents } from './door-events.js';
import { type Move, type Step, WIRES } from './door-script.js';
import type { Story } from './story.js';

/** The door's state has this long to become what a step expects. */
const PATIENCE_MS = 10_000;

/** What the gate says of its simulated outputs. */
export interface Outputs {
  readonly levels: ReadonlyMap<number, boolean>;
  /** Resolves once the relay obeys no more. */
  readonly broken: Promise<void>;
}

/** What came of one step. */
export interface StepResult {
  readonly title: string;
  /** Of `G/state`, and of the relay's wire. */
  readonly state: string;
  readonly released: boolean;
  /** What should have come and did not, and what should not have. */
  readonly wrong: readonly string[];
}

/** Plays a step of the door demo on a running daemon, and compares what comes of it with what should. */
export class StepPlayer {
  readonly #daemon: Daemon;
  readonly #office: BackOffice;
  readonly #events: DoorEvents;
  readonly #outputs: Outputs;
  readonly #story: Story;

  constructor(daemon: Daemon, office: BackOffice, events: DoorEvents, outputs: Outputs, story: Story) {
    this.#daemon = daemon;
    this.#office = office;
    this.#events = events;
    this.#outputs = outputs;
    this.#story = story;
  }

  async play(step: Step): Promise<StepResult> {
    const wrong: string[] = [];
    for (const move of step.moves) wrong.push(...(await this.#make(move)));
    const state = await this.#stateWanted(step.state);
    if (state !== step.state) wrong.push(`the state is ${state}, not ${step.state}`);
    const released = this.#outputs.levels.get(WIRES.relay) === true;
    if (released !== step.released) wrong.push(`the relay is ${word(released)}, not ${word(step.released)}`);
    this.#story.line(`   G/state: door ${state}; relay ${word(released)}${this.#buzzer()}`);
    this.#story.line(wrong.length === 0 ? '   right' : `   WRONG: ${wrong.join('; ')}`);
    return { title: step.title, state, released, wrong };
  }

  /** @returns what is wrong with what came of it */
  async #make({ text, act, events }: Move): Promise<readonly string[]> {
    const wrong: string[] = [];
    this.#story.line(`   ${text}`);
    if (act.kind === 'wire') this.#order({ kind: 'wire', offset: WIRES[act.wire], high: act.active });
    if (act.kind === 'break-relay') {
      this.#order({ kind: 'break', offset: WIRES.relay });
      // A request comes another way and could overtake it.
      await this.#outputs.broken;
    }
    if (act.kind === 'ask') {
      const answer = await this.#office.ask(act.verb, act.args);
      const got = answer.ok ? 'ok' : answer.error.code;
      if (got !== act.answer) wrong.push(`${act.verb} was answered ${got}, not ${act.answer}`);
    }
    const came = events.length === 0 ? [] : await this.#events.take(events.length);
    for (const event of came) this.#story.line(`      ⇠ ${event}${this.#buzzer()}`);
    const [missing, surplus] = [without(events, came), without(came, events)];
    return [
      ...wrong,
      ...missing.map((event) => `"${event}" did not come`),
      ...surplus.map((event) => `"${event}" came unasked`),
    ];
  }

  #order(order: WireOrder): void {
    this.#daemon.send(order);
  }

  async #stateWanted(wanted: string): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([this.#office.until(({ door }) => door?.state === wanted), late]);
    clearTimeout(timer);
    return this.#office.state?.door?.state ?? 'unknown';
  }

  #buzzer(): string {
    return this.#outputs.levels.get(WIRES.buzzer) === true ? '; the buzzer sounds' : '';
  }
}

const word = (released: boolean): string => (released ? 'on: released' : 'off: locked');

/** What of `items` is not in `others`, counting. */
function without(items: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return items.filter((item) => {
    const at = left.indexOf(item);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
