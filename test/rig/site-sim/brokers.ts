import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { type Mosquitto, startMosquitto } from '../../site/mosquitto.js';

/** One or two Mosquittos that keep their store on the disk; the second one is bridged to the first. */
export class Brokers {
  readonly #folder: string;
  readonly #all: Mosquitto[] = [];
  /** How many are down now. */
  #down = 0;
  #bridged = true;

  /** No broker outlives a run that is stopped. */
  readonly #killAll = () => {
    for (const broker of this.#all) void broker.kill();
  };

  private constructor(folder: string) {
    this.#folder = folder;
    process.once('exit', this.#killAll);
  }

  static async start(folder: string, count: 1 | 2): Promise<Brokers> {
    const brokers = new Brokers(folder);
    const [first, second] = ['a', 'b'].map((name) => {
      mkdirSync(join(folder, name), { recursive: true });
      return [
        'persistence true',
        `persistence_location ${join(folder, name)}/`,
        'max_packet_size 8454144',
        'set_tcp_nodelay true',
      ];
    });
    const a = await startMosquitto(first);
    brokers.#all.push(a);
    if (count === 2) {
      const bridge = [
        'connection site',
        `address 127.0.0.1:${a.port}`,
        'topic kaimon/home/# both 1',
        'topic probe/# both 1',
        // What a broker has missed is sent again as it is retained; a session that outlives one of them was seen to stand still.
        'cleansession true',
        'restart_timeout 1',
        'notifications false',
      ];
      brokers.#all.push(await startMosquitto([...(second ?? []), ...bridge]));
      await brokers.#untilBridged();
    }
    return brokers;
  }

  get count(): number {
    return this.#all.length;
  }

  /** Whether what is published at one broker reaches the other now, as far as is known. */
  get whole(): boolean {
    return this.#down === 0 && this.#bridged;
  }

  /** What the processes that run now have used of the processor, in milliseconds. */
  get cpuMs(): number {
    return this.#all.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0);
  }

  port(index: number): number {
    return this.#broker(index).port;
  }

  /** A broker goes down. @param gracefully it saves its store before; otherwise what it has not saved is lost */
  async stop(index: number, gracefully: boolean): Promise<void> {
    this.#down++;
    this.#bridged = false;
    await this.#broker(index).kill(gracefully ? 'SIGTERM' : 'SIGKILL');
  }

  /** It comes up again. @param lost its store was lost */
  async restart(index: number, lost: boolean): Promise<void> {
    const store = join(this.#folder, index === 0 ? 'a' : 'b');
    if (lost) for (const file of readdirSync(store)) rmSync(join(store, file));
    await this.#broker(index).restart();
    this.#down--;
    if (this.#down > 0) return;
    if (this.count === 2) await this.#untilBridged();
    this.#bridged = true;
  }

  async close(): Promise<void> {
    process.off('exit', this.#killAll);
    for (const broker of this.#all) await broker.stop();
  }

  #broker(index: number): Mosquitto {
    const broker = this.#all[index];
    if (!broker) throw new Error(`there is no broker ${index}`);
    return broker;
  }

  /** Messages go through the bridge in both directions. */
  async #untilBridged(): Promise<void> {
    const [a, b] = await Promise.all(this.#all.map(({ url }) => connectAsync(url, { reconnectPeriod: 200 })));
    if (!a || !b) throw new Error('there is no bridge');
    try {
      await passes(a, b, 'probe/a');
      await passes(b, a, 'probe/b');
    } finally {
      await Promise.all([a.endAsync(true), b.endAsync(true)]);
    }
  }
}

/** Ticks of a process in user and kernel mode, a hundred a second: the 14th and 15th field, the second of which may hold spaces. */
function cpuMsOf(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** A machine with other work is slow. */
const PROBE_MS = 10 * 60_000;

async function passes(from: MqttClient, to: MqttClient, topic: string): Promise<void> {
  let arrived = false;
  to.on('message', (heard) => {
    arrived ||= heard === topic;
  });
  await to.subscribeAsync(topic, { qos: 1 });
  for (const end = Date.now() + PROBE_MS; !arrived; ) {
    if (Date.now() > end) throw new Error(`nothing passes the bridge on ${topic}`);
    await from.publishAsync(topic, 'x', { qos: 1 }).catch(() => undefined); // the connection may break: tried again
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
