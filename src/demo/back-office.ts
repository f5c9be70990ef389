import { randomUUID } from 'node:crypto';
import { connectAsync, type MqttClient } from 'mqtt';
import { z } from 'zod';
import { OperatingError } from '../kit/errors.js';
import { responseSchema } from '../site/messages.js';
import { type Names, topicsOf } from '../site/topics.js';

const ANSWER_MS = 30_000;
const stateSchema = z.looseObject({
  status: z.string(),
  eye: z.string().optional(),
  camera: z.string().optional(),
  door: z.object({ state: z.string() }).optional(),
});
type State = z.infer<typeof stateSchema>;

/** How a request is sent, where it is not sent as usual. */
export interface Asking {
  /** Who asks. */
  readonly by?: string;
  /** Time of the asker, in milliseconds since 1970. */
  readonly nowMs?: number;
  /** How long an answer is waited for. */
  readonly answerMs?: number;
}

/** The other end of the line: what a back office does over MQTT, with a client of its own. */
export class BackOffice {
  readonly #client: MqttClient;
  readonly #topics: ReturnType<typeof topicsOf>;
  readonly #onEvent: (event: Readonly<Record<string, unknown>>) => void;
  readonly #answers = new Map<string, (payload: unknown) => void>();
  #state: State | undefined;
  #stateWaiters: { readonly wanted: (state: State) => boolean; readonly resolve: () => void }[] = [];

  private constructor(client: MqttClient, names: Names, onEvent: (event: Readonly<Record<string, unknown>>) => void) {
    this.#client = client;
    this.#topics = topicsOf(names);
    this.#onEvent = onEvent;
    client.on('message', (topic, payload) => this.#receive(topic, JSON.parse(payload.toString())));
  }

  static async connect(
    url: string,
    names: Names,
    onEvent: (event: Readonly<Record<string, unknown>>) => void,
  ): Promise<BackOffice> {
    const client = await connectAsync(url, { protocolVersion: 4, clientId: `demo-${process.pid}-${names.gate}` });
    const office = new BackOffice(client, names, onEvent);
    const { state, event, response } = office.#topics;
    await client.subscribeAsync([state, event, response('+')], { qos: 1 });
    return office;
  }

  /** Enrols a person from one photo. @throws OperatingError with the gate's own words when it refuses */
  async enroll(name: string, photo: Buffer, id?: string): Promise<void> {
    const answer = await this.ask('enroll', { name, id, photo: photo.toString('base64') });
    if (!answer.ok) throw new OperatingError('KAIMON_DEMO', `${name} could not be enrolled: ${answer.error.message}`);
  }

  /** The gate's last state; undefined before the first one. */
  get state(): State | undefined {
    return this.#state;
  }

  /** Resolves when the gate's state is as wanted. */
  until(wanted: (state: State) => boolean): Promise<void> {
    if (this.#state && wanted(this.#state)) return Promise.resolve();
    return new Promise((resolve) => this.#stateWaiters.push({ wanted, resolve }));
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }

  /** Sends a request to the gate. @returns its answer @throws OperatingError where none comes */
  async ask(
    verb: string,
    args: unknown,
    { by = 'demo', nowMs = Date.now(), answerMs = ANSWER_MS }: Asking = {},
  ): Promise<z.infer<typeof responseSchema>> {
    const id = randomUUID();
    const envelope = {
      v: 1,
      id,
      time: new Date(nowMs).toISOString(),
      expires: new Date(nowMs + ANSWER_MS).toISOString(),
      by,
      args,
    };
    const answered = new Promise<unknown>((resolve) => this.#answers.set(id, resolve));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(new OperatingError('KAIMON_DEMO', `the gate did not answer "${verb}" within ${answerMs / 1000} s`)),
        answerMs,
      );
    });
    try {
      // A broker that hangs does not take the request either: that has the same limit.
      const sent = this.#client.publishAsync(this.#topics.request(verb), JSON.stringify(envelope), { qos: 1 });
      return responseSchema.parse(await Promise.race([sent.then(() => answered), late]));
    } finally {
      clearTimeout(timer);
      this.#answers.delete(id);
    }
  }

  #receive(topic: string, payload: Readonly<Record<string, unknown>>): void {
    if (topic === this.#topics.event) this.#onEvent(payload);
    else if (topic === this.#topics.state) {
      this.#state = stateSchema.parse(payload);
      const met = this.#stateWaiters.filter(({ wanted }) => wanted(this.#state as State));
      this.#stateWaiters = this.#stateWaiters.filter((waiter) => !met.includes(waiter));
      for (const { resolve } of met) resolve();
    } else this.#answers.get(topic.split('/').at(-1) ?? '')?.(payload);
  }
}
