/**
 * `npm run bench:requests -- --photos DIR [--count 200] [--opens-a-second 8]`: a whole daemon behind a real Mosquitto is given many
 * enrolments at once and asked to open the door all the while. Prints, as JSON, what became of the enrolments and how long `open` took to be
 * answered. DIR: JPEGs, in folders or not, each of another person.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EXIT, explain } from '../kit/errors.js';
import { silentLog } from '../kit/log.js';
import { systemClock } from '../kit/system-clock.js';
import { MqttLink } from '../site/link/mqtt-link.js';
import { type Response, responseSchema } from '../site/messages.js';
import { topicsOf } from '../site/topics.js';
import { load as loadOfMachine } from './machine.js';
import { MeasuredDaemon } from './measured-daemon.js';
import { quantile } from './timer.js';

const NAMES = { site: 'bench', gate: 'bench' };
const topics = topicsOf(NAMES);
/** A request's life, and how long is waited for what has no answer. */
const LIFE_MS = 290_000;
const PATIENCE_MS = 300_000;
/** What comes of the first burst is reported by itself, too. */
const BURST_MS = 2_000;

/** Openings that are asked for before the enrolments, to compare with. */
const IDLE = 80;

interface Asked {
  readonly sentMs: number;
  answers: number;
  tookMs: number | undefined;
  answer: Response | undefined;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

function startMosquitto(folder: string, port: number): Promise<ChildProcess> {
  const file = join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'max_queued_messages 0',
    'persistence false',
    'set_tcp_nodelay true',
  ];
  writeFileSync(file, `${process.getuid?.() === 0 ? 'user root\n' : ''}${lines.join('\n')}\n`);
  const env = { ...process.env, PATH: [process.env['PATH'], '/usr/sbin'].join(delimiter) };
  const child = spawn('mosquitto', ['-c', file], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`mosquitto ended with code ${code}`)));
    child.stderr.on('data', (said: Buffer) => said.includes('running') && resolve(child));
  });
}

/** The requests of one client and their answers. */
class Client {
  readonly #link: MqttLink;
  readonly #asked = new Map<string, Asked>();

  readonly #by: string;

  constructor(url: string, by: string) {
    this.#by = by;
    const config = { url, protocol: 5, clientId: `bench-${by}`, keepaliveSeconds: 60 } as const;
    this.#link = new MqttLink({ config, names: NAMES, clock: systemClock, log: silentLog });
    this.#link.onMessage(({ payload }) => {
      const answer = responseSchema.parse(JSON.parse(Buffer.from(payload).toString('utf8')));
      const asked = this.#asked.get(answer.id ?? '');
      if (!asked) return;
      asked.answers += 1;
      asked.answer ??= answer;
      asked.tookMs ??= performance.now() - asked.sentMs;
    });
  }

  async connect(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#link.onUp(() => void this.#link.subscribe([topics.response('+')]).then(resolve, reject));
      this.#link.start();
    });
  }

  ask(verb: string, args: object): Asked {
    const id = randomUUID();
    const now = Date.now();
    const [time, expires] = [now, now + LIFE_MS].map((ms) => new Date(ms).toISOString());
    const asked: Asked = { sentMs: performance.now(), answers: 0, tookMs: undefined, answer: undefined };
    this.#asked.set(id, asked);
    const body = JSON.stringify({ v: 1, id, time, expires, by: this.#by, args });
    const sent = this.#link.publish(topics.request(verb), body, { retain: false, qos: 1, room: 'answer' });
    sent.catch((thrown: unknown) => process.stderr.write(`${explain(thrown)}\n`));
    return asked;
  }

  end(): Promise<void> {
    return this.#link.end();
  }
}

async function measure(photos: readonly string[], opensASecond: number, folder: string): Promise<object> {
  const port = await freePort();
  const mosquitto = await startMosquitto(folder, port);
  const url = `mqtt://127.0.0.1:${port}`;
  const film = join(folder, 'film');
  const camera = { kind: 'replay', path: film, fps: 5, speed: 'real', loop: true };
  mkdirSync(film);
  copyFileSync(photos[0] ?? '', join(film, '000.jpg'));
  const daemon = new MeasuredDaemon(join(folder, 'daemon'), {
    ...NAMES,
    camera,
    mqtt: { enabled: true, url },
  });
  const [office, desk] = [new Client(url, 'office'), new Client(url, 'desk')];
  try {
    await daemon.line(({ msg }) => msg === 'connected to the broker');
    await daemon.line(({ msg }) => msg === 'camera: live');
    await Promise.all([office.connect(), desk.connect()]);
    return await load(office, desk, photos, opensASecond);
  } finally {
    await office.end();
    await desk.end();
    await daemon.stop();
    mosquitto.kill('SIGKILL');
  }
}

async function load(office: Client, desk: Client, photos: readonly string[], opensASecond: number): Promise<object> {
  const idle: Asked[] = [];
  for (let n = 0; n < IDLE; n++) {
    idle.push(desk.ask('open', {}));
    await pause(1000 / opensASecond);
  }
  const texts = photos.map((file) => readFileSync(file).toString('base64'));
  const began = performance.now();
  const enrolments = texts.map((photo, n) => office.ask('enroll', { name: `Person ${n}`, photo }));
  const opens: Asked[] = [];
  while (enrolments.some(({ answer }) => !answer) && performance.now() - began < PATIENCE_MS) {
    opens.push(desk.ask('open', {}));
    await pause(1000 / opensASecond);
  }
  const seconds = (performance.now() - began) / 1000;
  await pause(1_000);
  const codes: Record<string, number> = {};
  for (const { answer } of enrolments) {
    const code = !answer ? 'no answer' : answer.ok ? 'ok' : answer.error.code;
    codes[code] = (codes[code] ?? 0) + 1;
  }
  const tooMany = enrolments.filter(({ answers }) => answers > 1).length;
  const took = (some: readonly Asked[]) => {
    const times = some.flatMap(({ tookMs }) => tookMs ?? []).sort((a, b) => a - b);
    const round = (share: number) => Math.round(quantile(times, share) * 10) / 10;
    return { asked: some.length, answered: times.length, p50Ms: round(0.5), p99Ms: round(0.99), maxMs: round(1) };
  };
  return {
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, load ${loadOfMachine().toFixed(1)}`,
    enrolments: {
      asked: enrolments.length,
      ...codes,
      answeredTwice: tooMany,
      seconds,
      aSecond: enrolments.length / seconds,
    },
    openBefore: took(idle),
    open: took(opens),
    openInTheFirst2s: took(opens.filter(({ sentMs }) => sentMs - began < BURST_MS)),
  };
}

const jpegsIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.jpe?g$/i.test(name))
    .sort()
    .map((name) => join(folder, name));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      photos: { type: 'string' },
      count: { type: 'string', default: '200' },
      'opens-a-second': { type: 'string', default: '8' },
    },
  });
  if (values.photos === undefined) throw new Error('give --photos DIR, a folder with JPEGs');
  const photos = jpegsIn(values.photos).slice(0, Number(values.count));
  const folder = mkdtempSync(join(tmpdir(), 'kaimon-bench-'));
  try {
    process.stdout.write(
      `${JSON.stringify(await measure(photos, Number(values['opens-a-second']), folder), null, 1)}\n`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((thrown: unknown) => {
  process.stderr.write(`bench: ${explain(thrown)}\n`);
  process.exitCode = EXIT.environment;
});
