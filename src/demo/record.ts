import { ENROLLED } from './people.js';
import { SCRIPT, sceneAt } from './script.js';
import type { Story } from './story.js';
import { type Approach, allWell, approachesOf, type DecisionEvent, decisionsIn, wrongNames } from './verdict.js';

/** What the gate reported during the film, judged. */
export interface RecordedResult {
  readonly enrolled: readonly string[];
  readonly approaches: readonly Approach[];
  readonly greetings: readonly string[];
  /** How long the door was released each time, milliseconds. */
  readonly pulsesMs: readonly number[];
  readonly ok: boolean;
  readonly liveness: string;
}

/** As the product's defaults have it. */
const LIVENESS = 'on, with all cues';

/** Keeps the gate's events, and shows each as a line of the story. */
export class DemoRecord {
  readonly decisions: DecisionEvent[] = [];
  readonly #story: Story;
  readonly #greetings: string[] = [];
  readonly #pulsesMs: number[] = [];
  #drawnAt: number | undefined;
  #scene = -1;

  constructor(story: Story) {
    this.#story = story;
  }

  add(event: Readonly<Record<string, unknown>>): void {
    switch (event['type']) {
      case 'granted':
      case 'refused':
        this.#decision(event as unknown as DecisionEvent);
        return;
      case 'greeting':
        this.#greetings.push(String(event['text']));
        this.#story.line(`  ♪ ${event['text']}`);
        return;
      case 'door':
        this.#door(String(event['state']), Date.parse(String(event['time'])));
        return;
    }
  }

  /** @param clean whether the gate stopped cleanly */
  result(clean: boolean): RecordedResult {
    const scenes = SCRIPT.scenes.map((scene, index) => ({
      scene,
      decisions: decisionsIn(SCRIPT, index, this.decisions),
    }));
    const approaches = scenes.flatMap(({ scene, decisions }) => approachesOf(scene, decisions));
    const wrong = scenes.flatMap(({ scene, decisions }) => wrongNames(SCRIPT, scene, decisions));
    for (const name of wrong) this.#story.line(`wrong: somebody was let in as ${name}`);
    return {
      enrolled: ENROLLED.map(({ name }) => name),
      approaches,
      greetings: this.#greetings,
      pulsesMs: this.#pulsesMs,
      ok: clean && allWell(approaches, wrong),
      liveness: LIVENESS,
    };
  }

  #decision(event: DecisionEvent): void {
    this.decisions.push(event);
    const { scene, index } = sceneAt(SCRIPT, event.frame);
    if (index !== this.#scene) this.#story.line(scene.title);
    this.#scene = index;
    const distance = event.distance === null ? '' : `, distance ${event.distance.toFixed(2)}`;
    const after = event.afterMs === null ? '' : ` after ${(event.afterMs / 1000).toFixed(2)} s`;
    const what = event.type === 'granted' ? `✔ the door opens for ${event.name}${after}` : `✘ refused: ${event.text}`;
    this.#story.line(`  ${what}${distance}`);
  }

  #door(state: string, at: number): void {
    if (state === 'unlocked') {
      this.#drawnAt = at;
      return;
    }
    const pulseMs = this.#drawnAt === undefined ? undefined : at - this.#drawnAt;
    this.#drawnAt = undefined;
    if (pulseMs !== undefined) this.#pulsesMs.push(pulseMs);
    this.#story.line(`  door ${state}${pulseMs === undefined ? '' : ` again after ${(pulseMs / 1000).toFixed(2)} s`}`);
  }
}
