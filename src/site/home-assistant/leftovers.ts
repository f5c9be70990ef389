import type { Clock, Timer } from '../../kit/clock.js';
import { explain } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { parseJson } from '../bounded-json.js';
import type { Link, Packet } from '../link/link.js';
import { stateSchema } from '../messages.js';
import type { Published } from './published-file.js';
import { type Device, gateStateTopic, homeAssistantTopics, sameDevice } from './topics.js';

/** By then the broker has said which other gates are at work. */
const LOOK_MS = 5_000;

export interface LeftoversParts {
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  readonly published: Published;
  /** What is shown now; undefined while Home Assistant is off. */
  readonly device: Device | undefined;
  /** The gate's name as it is now: its state is its own. */
  readonly gateState: string;
}

/**
 * Takes out of Home Assistant what this gate has published there and shows no more: it was switched off, or gate, site or prefix have
 * another name now. Tried once at each connection, and kept until the broker has acknowledged.
 */
export class Leftovers {
  readonly #parts: LeftoversParts;
  readonly #online = new Set<string>();
  #timer: Timer | undefined;
  #busy = false;

  constructor(parts: LeftoversParts) {
    this.#parts = parts;
  }

  get devices(): readonly Device[] {
    const { published, device } = this.#parts;
    return published.devices.filter((other) => device === undefined || !sameDevice(other, device));
  }

  /** The broker is connected. */
  up(): void {
    this.#online.clear();
    this.#timer?.cancel();
    const { link, clock, log, gateState } = this.#parts;
    const states = [...new Set(this.devices.map(gateStateTopic))].filter((topic) => topic !== gateState);
    if (this.devices.length === 0) return;
    // A state that may not be read says nothing: the gate clears what it knows to be its own.
    if (states.length > 0)
      link
        .subscribe(states)
        .catch((thrown: unknown) => log.info({ err: explain(thrown) }, 'older states cannot be read'));
    this.#timer = clock.after(LOOK_MS, () => void this.#clear());
  }

  receive({ topic, payload }: Pick<Packet, 'topic' | 'payload'>): void {
    const device = this.devices.find((other) => gateStateTopic(other) === topic);
    if (!device || topic === this.#parts.gateState) return;
    const json = parseJson(payload);
    const state = stateSchema.safeParse(json.ok ? json.value : undefined);
    // Another gate has the old name now: what stands there is its own.
    if (state.success && state.data.status !== 'offline') this.#online.add(topic);
    else this.#online.delete(topic);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async #clear(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (const device of this.devices) await this.#clearOne(device);
    this.#busy = false;
  }

  async #clearOne(left: Device): Promise<void> {
    const { link, log, published, device } = this.#parts;
    const { config, state } = homeAssistantTopics(left);
    const ours = device && homeAssistantTopics(device).state === state;
    try {
      if (!this.#online.has(gateStateTopic(left))) {
        // Home Assistant takes the device out, with all its entities.
        for (const topic of ours ? [config] : [config, state]) await link.publish(topic, '', { retain: true, qos: 1 });
        log.info({ topic: config }, 'taken out of Home Assistant');
      }
      published.remove(left);
    } catch (thrown) {
      const advice =
        'not taken out of Home Assistant: clear the topic by hand where the broker does not let this gate do it';
      log.warn({ topic: config, err: explain(thrown) }, advice);
    }
  }
}
