import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type WireOrder, wireReportSchema } from '../door/gpio/wire-control.js';
import { auditJournal } from '../journal/audit/audit.js';
import { queryEntries, type RecordedEntry } from '../journal/audit/query.js';
import { FileDisk, journalFolder } from '../journal/file-disk.js';
import { startBroker } from '../site/link/embedded-broker.js';
import { BackOffice } from './back-office.js';
import { Daemon } from './daemon.js';
import type { Story } from './demo.js';
import { DOOR_TIMES, type Move, STEPS, type Step, summaryOf, WIRES } from './door-script.js';

/** What came of one step. */
export interface StepResult {
  readonly title: string;
  /** Of `G/state`, and of the relay's wire. */
  readonly state: string;
  readonly released: boolean;
  /** What should have come and did not, and what should not have. */
  readonly wrong: readonly string[];
}

export interface DoorDemoResult {
  readonly steps: readonly StepResult[];
  readonly journal: {
    readonly whole: boolean;
    readonly entries: number;
    /** Events that the site was told and that are not in it. */
    readonly missing: number;
    readonly newest: readonly RecordedEntry[];
  };
  readonly ok: boolean;
}

const NAMES = { site: 'demo', gate: 'door' };
/** An event that has not come by then does not come. */
const PATIENCE_MS = 10_000;
const SHOWN = 12;

type Event = Readonly<Record<string, unknown>>;

/**
 * The product's door without a door: the whole daemon with simulated wires that the demo moves, and an office that asks and listens
 * over MQTT.
 * @param folder for everything that it writes; what an earlier demo left there is removed
 */
export async function runDoorDemo(folder: string, story: Story, signal: AbortSignal): Promise<DoorDemoResult> {
  const files = {
    state: join(folder, 'state'),
    config: join(folder, 'kaimon.yaml'),
    log: join(folder, 'gate.log'),
  };
  for (const old of [files.state, files.log]) rmSync(old, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const broker = await startBroker();
  writeFileSync(files.config, stringify(configFor(broker.url, folder)));
  const events = new Inbox();
  const levels = new Map<number, boolean>();
  const office = await BackOffice.connect(broker.url, NAMES, (event) => events.add(event));
  const heard = (message: unknown) => {
    const { offset, high } = wireReportSchema.parse(message);
    levels.set(offset, high);
  };
  const daemon = new Daemon({ ...files, heard });
  try {
    const play = async () => {
      await office.until(({ status, door }) => status !== 'offline' && door?.state === 'locked');
      const results: StepResult[] = [];
      for (const [index, step] of STEPS.entries()) {
        story.line(`${index + 1}. ${step.title}`);
        results.push(await new Stage(daemon, office, events, levels, story).play(step));
      }
      return results;
    };
    const stopped = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
    const steps = await Promise.race([play(), daemon.failsEarly(files.log), stopped]);
    const clean = await daemon.stop();
    if (!clean) story.line('the gate did not stop cleanly');
    const journal = await journalOf(files.state, events.all);
    const right = steps.every(({ wrong }) => wrong.length === 0);
    return { steps, journal, ok: clean && right && journal.whole && journal.missing === 0 };
  } finally {
    await daemon.stop();
    await office.close();
    await broker.close();
  }
}

const configFor = (url: string, folder: string) => {
  const { relay, rex, contact, tamper, fire, greenLed, redLed, buzzer } = WIRES;
  return {
    site: NAMES.site,
    gate: NAMES.gate,
    // Nobody comes by face: the camera waits for a film that never comes.
    camera: { kind: 'replay', path: join(folder, 'no-film') },
    greeting: { enabled: false },
    door: {
      kind: 'gpio',
      gpio: { backend: 'simulated', simulatedWires: 'parent' },
      ...DOOR_TIMES,
      relay: { line: relay },
      rex: { line: rex, activeLevel: 'high' },
      contact: { line: contact },
      tamper: { line: tamper },
      fire: { line: fire },
      greenLed: { line: greenLed },
      redLed: { line: redLed },
      buzzer: { line: buzzer },
    },
    mqtt: { enabled: true, url },
  };
};

/** The door's events as they come. */
class Inbox {
  readonly all: Event[] = [];
  #fresh: string[] = [];
  #waiter: { readonly count: number; readonly done: () => void } | undefined;

  add(event: Event): void {
    this.all.push(event);
    const summary = summaryOf(event);
    if (summary === undefined) return;
    this.#fresh.push(summary);
    if (this.#waiter && this.#fresh.length >= this.#waiter.count) this.#waiter.done();
  }

  /** Resolves with what came since the last call, once it is so many, or after {@link PATIENCE_MS}. */
  async take(count: number): Promise<readonly string[]> {
    if (this.#fresh.length < count)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, PATIENCE_MS);
        const done = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#waiter = { count, done };
      });
    this.#waiter = undefined;
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}

/** Plays one step and judges it. */
class Stage {
  readonly #daemon: Daemon;
  readonly #office: BackOffice;
  readonly #events: Inbox;
  readonly #levels: ReadonlyMap<number, boolean>;
  readonly #story: Story;

  constructor(daemon: Daemon, office: BackOffice, events: Inbox, levels: ReadonlyMap<number, boolean>, story: Story) {
    this.#daemon = daemon;
    this.#office = office;
    this.#events = events;
    this.#levels = levels;
    this.#story = story;
  }

  async play(step: Step): Promise<StepResult> {
    const wrong: string[] = [];
    for (const move of step.moves) wrong.push(...(await this.#make(move)));
    const state = await this.#stateWanted(step.state);
    if (state !== step.state) wrong.push(`the state is ${state}, not ${step.state}`);
    const released = this.#levels.get(WIRES.relay) === true;
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
    if (act.kind === 'break-relay') this.#order({ kind: 'break', offset: WIRES.relay });
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
    this.#daemon.tell(order);
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
    return this.#levels.get(WIRES.buzzer) === true ? '; the buzzer sounds' : '';
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

async function journalOf(state: string, events: readonly Event[]): Promise<DoorDemoResult['journal']> {
  const disk = new FileDisk(journalFolder(state));
  const { ok, entries } = await auditJournal(disk);
  const recorded: RecordedEntry[] = [];
  for await (const one of queryEntries(disk, {})) recorded.push(one);
  const types = new Map(recorded.map(({ entry }) => [entry.n, entry.type]));
  const missing = events.filter(({ entry, type }) => typeof entry !== 'number' || types.get(entry) !== type).length;
  return { whole: ok, entries, missing, newest: recorded.slice(-SHOWN) };
}
