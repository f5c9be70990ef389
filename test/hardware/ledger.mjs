// A site's broker and a back office that asks a gate without end and keeps what it was told: each event with its entry, each answer.
// What it knows must be on the gate's disk, whatever happened to the gate.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, connect as dial } from 'node:net';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';

const GATE = 'kaimon/rig/gates/rig';
/** Events that are reported to the site and not kept in the journal. */
const NOT_KEPT = ['greeting', 'people-rejected', 'passages-rejected'];
const ANSWER_MS = 60_000;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const reachable = (port) =>
  new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });

/** A Mosquitto of this machine. */
export async function startMosquitto(folder) {
  const port = await freePort();
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`);
  const child = spawn('mosquitto', ['-c', config], { stdio: 'ignore' });
  while (!(await reachable(port))) {
    if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port, child, url: `mqtt://127.0.0.1:${port}` };
}

export class Ledger {
  #client;
  #answers = new Map();
  #asking;
  /** Type of event by number of its entry. */
  events = new Map();
  /** Askers of the door's requests that were answered. */
  answered = new Set();
  /** People whose removal was acknowledged as saved. */
  removed = new Set();
  state;
  #people;

  static async open(url, people) {
    const ledger = new Ledger();
    ledger.#people = [...people];
    ledger.#client = await connectAsync(url, { protocolVersion: 4, clientId: 'rig-ledger' });
    ledger.#client.on('message', (topic, payload) => ledger.#receive(topic, payload));
    await ledger.#client.subscribeAsync([`${GATE}/state`, `${GATE}/event`, `${GATE}/response/+`], { qos: 1 });
    return ledger;
  }

  #receive(topic, payload) {
    if (payload.length === 0) return;
    const message = JSON.parse(payload.toString());
    if (topic.endsWith('/state')) this.state = message;
    else if (topic.endsWith('/event')) {
      if (NOT_KEPT.includes(message.type) || message.entry === undefined) return;
      this.events.set(message.entry, message.type);
    } else this.#answers.get(message.id)?.(message);
  }

  /** @returns the answer, undefined where none came in time */
  async ask(verb, args, by = 'rig', limitMs = ANSWER_MS) {
    const id = randomUUID();
    const now = Date.now() + (this.clockOffsetMs ?? 0);
    const envelope = {
      v: 1,
      id,
      time: new Date(now).toISOString(),
      expires: new Date(now + ANSWER_MS).toISOString(),
      by,
      args,
    };
    const answered = new Promise((resolve) => this.#answers.set(id, resolve));
    const late = new Promise((resolve) => setTimeout(resolve, limitMs, undefined));
    this.#client.publish(`${GATE}/request/${verb}`, JSON.stringify(envelope), { qos: 1 });
    const answer = await Promise.race([answered, late]);
    this.#answers.delete(id);
    return answer;
  }

  /** Asks the gate for one thing after the other until {@link rest}; each answer is an acknowledged fact. */
  work() {
    let going = true;
    const done = (async () => {
      for (let n = 0; going; n++) {
        const by = `asker ${randomUUID()}`;
        const person = n % 2 === 0 ? this.#people.shift() : undefined;
        const [verb, args] = person === undefined ? ['lock', { reason: by }] : ['remove', { id: person }];
        const answer = await this.ask(verb, args, by, 5000);
        if (answer?.ok !== true) {
          // One that was not answered may have been done or not.
          await new Promise((resolve) => setTimeout(resolve, 200));
          continue;
        }
        if (person !== undefined) this.removed.add(person);
        else this.answered.add(by);
      }
    })();
    this.#asking = () => {
      going = false;
      return done;
    };
  }

  async rest() {
    await this.#asking?.();
  }

  async forgetState() {
    this.state = undefined;
    await this.#client.publishAsync(`${GATE}/state`, '', { retain: true, qos: 1 });
  }

  async close() {
    await this.#client.endAsync(true);
  }
}
