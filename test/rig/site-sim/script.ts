/** What happens in a run: edits, and everything that can go wrong meanwhile, drawn by the seed. */
import type { Fleet } from './fleet.js';
import type { SimGate } from './gate.js';
import { newcomer } from './sample.js';

export interface ScriptOptions {
  readonly random: () => number;
  /** How many steps, and the longest pause between two of them. */
  readonly steps: number;
  readonly stepMs: number;
  /** Ends before all steps are done when this time is over. */
  readonly forMs: number;
  /** How long a gate or a broker is away, or a clock is wrong. */
  readonly faultMs: readonly [number, number];
  /** About so many faults of each kind. */
  readonly faults: {
    readonly pulls: number;
    readonly kills: number;
    readonly clocks: number;
    readonly restarts: number;
    readonly lost: number;
    readonly minutes: number;
  };
  readonly numbers: number;
  /** Called now and then. */
  readonly onStep: (step: number) => void;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** How far off wrong clocks are. */
const OFFSETS = [3 * MINUTE, 6 * MINUTE, 50 * MINUTE, 5 * 60 * MINUTE, 2 * DAY, 90 * DAY, 420 * DAY, 3 * 365 * DAY];
/** The share of wrong clocks that their gate believes in. */
const MISLED = 0.3;

export class Script {
  readonly #fleet: Fleet;
  readonly #options: ScriptOptions;
  readonly #ids: string[] = [];
  readonly #repairs = new Set<Promise<void>>();
  readonly #busy = new Set<SimGate>();
  #brokerBusy = false;
  #enrolled = 0;
  edits = 0;
  refused = 0;

  constructor(fleet: Fleet, options: ScriptOptions, known: Iterable<string>) {
    this.#fleet = fleet;
    this.#options = options;
    this.#ids.push(...known);
  }

  /** New people get other ids than those of a script before. */
  continueAfter(other: Script): void {
    this.#enrolled = other.#enrolled;
  }

  /** Plays the script; in the end everything that was broken is whole again, and all clocks are right. */
  async play(): Promise<void> {
    const { random, steps, stepMs, faults, forMs, onStep } = this.#options;
    const kinds: readonly (readonly [number, () => void])[] = [
      [faults.pulls, () => this.#pull()],
      [faults.kills, () => this.#kill()],
      [faults.clocks, () => this.#setClock()],
      [faults.restarts, () => this.#breakBroker(false)],
      [faults.lost, () => this.#breakBroker(true)],
      [faults.minutes, () => this.#skip()],
    ];
    const end = performance.now() + forMs;
    for (let step = 0; step < steps && performance.now() < end; step++) {
      onStep(step);
      this.#drawn(kinds, steps)();
      await pause(random() * stepMs);
    }
    while (this.#repairs.size > 0) await Promise.all(this.#repairs);
  }

  /** One of the faults, each as often as its number says; else an edit. */
  #drawn(kinds: readonly (readonly [number, () => void])[], steps: number): () => void {
    let left = this.#options.random() * steps;
    for (const [times, act] of kinds) {
      left -= times;
      if (left < 0) return act;
    }
    return () => this.#edit();
  }

  #edit(): void {
    const gates = this.#fleet.gates.filter(({ running }) => running);
    const gate = this.#pick(gates);
    if (!gate) return;
    const { random, numbers } = this.#options;
    const drawn = random();
    this.edits++;
    if (drawn < 0.35) {
      const id = `p-${this.#enrolled++}`;
      this.#ids.push(id);
      const enrol = (one: SimGate) =>
        this.#try(this.#fleet.put(one, newcomer(id, `at ${one.name}`, one.name, numbers, random)));
      enrol(gate);
      // Two gates choose the same id at the same time.
      const other = this.#pick(gates);
      if (random() < 0.1 && other && other !== gate) enrol(other);
      return;
    }
    const person = gate.someone(this.#ids, random);
    if (!person) return;
    if (drawn < 0.8) {
      const { version: _before, ...rest } = person;
      this.#try(this.#fleet.put(gate, { ...rest, name: `${gate.name} ${this.edits}`, by: gate.name }));
    } else this.#try(this.#fleet.remove(gate, person.id));
  }

  /** A refused edit (the id was removed meanwhile, the gate was killed) is none. */
  #try(edit: Promise<void>): void {
    const tried = edit.catch((thrown: unknown) => {
      this.refused++;
      this.#fleet.note(`refused: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    });
    this.#track(tried);
  }

  #pull(): void {
    const gate = this.#free();
    if (!gate) return;
    this.#fleet.note(`${gate.name} loses its cable`);
    this.#fleet.lag.disturb(gate.name);
    gate.pull();
    this.#later(gate, async () => {
      gate.plug();
      this.#fleet.note(`${gate.name} has its cable again`);
    });
  }

  #kill(): void {
    const gate = this.#free();
    if (!gate) return;
    this.#fleet.note(`${gate.name} is killed`);
    const killed = this.#fleet.kill(gate);
    this.#later(gate, async () => {
      await killed;
      await this.#fleet.open(gate);
      this.#fleet.note(`${gate.name} is back`);
    });
  }

  #setClock(): void {
    const gate = this.#free();
    if (!gate) return;
    const { random } = this.#options;
    const off = this.#pick(OFFSETS) ?? 0;
    this.#fleet.setClock(gate, random() < 0.5 ? off : -off, random() < MISLED);
    const believes = gate.clock.trusted ? 'and believes it' : 'and knows it';
    this.#fleet.note(`${gate.name} has a clock ${Math.round(gate.clock.offsetMs / MINUTE)} minutes off ${believes}`);
    this.#later(gate, async () => {
      this.#fleet.setClock(gate, 0, true);
      this.#fleet.note(`${gate.name} has the right time`);
    });
  }

  #breakBroker(lost: boolean): void {
    if (this.#brokerBusy) return;
    this.#brokerBusy = true;
    const { random } = this.#options;
    const { brokers, lag } = this.#fleet;
    const index = Math.floor(random() * brokers.count);
    this.#fleet.note(`broker ${index} ends${lost ? ' and loses its store' : ''}`);
    lag.disturbAll();
    const ended = brokers.stop(index, !lost);
    this.#track(
      (async () => {
        await ended;
        await pause(this.#duration());
        await brokers.restart(index, lost);
        this.#fleet.note(`broker ${index} is back`);
        this.#brokerBusy = false;
      })(),
    );
  }

  /** A minute passes, if nothing is under way. */
  #skip(): void {
    if (Date.now() - this.#fleet.traffic.lastMs < 100) return;
    this.#fleet.note('a minute passes');
    this.#fleet.time.skip(MINUTE + 1_000);
  }

  #free(): SimGate | undefined {
    return this.#pick(this.#fleet.gates.filter((gate) => gate.running && !this.#busy.has(gate)));
  }

  #later(gate: SimGate, act: () => Promise<void>): void {
    this.#busy.add(gate);
    this.#track(
      pause(this.#duration())
        .then(act)
        .finally(() => this.#busy.delete(gate)),
    );
  }

  #track(promise: Promise<void>): void {
    const tracked = promise.finally(() => this.#repairs.delete(tracked));
    this.#repairs.add(tracked);
  }

  #duration(): number {
    const [least, most] = this.#options.faultMs;
    return least + this.#options.random() * (most - least);
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#options.random() * list.length)];
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
