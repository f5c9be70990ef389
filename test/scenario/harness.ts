import { execFile } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { BackOffice } from '../../src/demo/back-office.js';
import { ADA_ANOTHER_DAY, type Likeness } from '../../src/demo/people.js';
import type { Script } from '../../src/demo/script.js';
import type { ShortFilm } from '../../src/demo/short-film.js';
import type { StudioJob } from '../../src/demo/studio-jobs.js';
import { type WireOrder, wireReportSchema } from '../../src/door/gpio/wire-control.js';

/** Whole-daemon tests run what is shipped: the compiled program, its own processes, real models, a real broker. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const SAMPLES = join(ROOT, 'models', 'build', 'samples');
export const CLI = join(ROOT, 'dist', 'cli', 'main.js');
const SHORT_FILM = new URL('../../dist/demo/short-film.js', import.meta.url).href;
const STUDIO = new URL('../../dist/demo/studio-client.js', import.meta.url).href;
const DAEMON = new URL('../../dist/demo/daemon.js', import.meta.url).href;

/** Why the scenarios cannot run here, or undefined. */
export const notReady: string | undefined = !existsSync(CLI)
  ? 'dist/ is not built: npm run build'
  : existsSync(join(SAMPLES, 'sample1.jpg'))
    ? undefined
    : 'models/build/ is empty: ./scripts/kaimon models build';

export const FACES = {
  ada: { photo: 'sample3.jpg', centre: [1186, 350], height: 313, turn: 0 },
  adaAnotherDay: ADA_ANOTHER_DAY,
  grace: { photo: 'sample5.jpg', centre: [1502, 521], height: 278, turn: 0 },
  stranger: { photo: 'sample6.jpg', centre: [1590, 409], height: 296, turn: 0 },
} satisfies Record<string, Likeness>;

/** An installation of its own, for what is added to one or spoilt in it. */
export function install(folder: string): void {
  for (const part of ['dist', 'models', 'config']) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
}

/** A film in which each face comes once for `frames` frames, with an empty scene before each and at the end. */
export function filmOf(faces: readonly Likeness[], frames = 25, gap = 15): Script {
  const still = { light: [1, 1], noise: 4, expect: [] } as const;
  const nobody = { ...still, title: 'nobody', frames: gap, actors: [] };
  const scenes = faces.flatMap((likeness) => [
    nobody,
    {
      ...still,
      title: 'a person',
      frames,
      actors: [{ likeness, from: [308, 234, 144], to: [324, 242, 168] }] as const,
    },
  ]);
  return { width: 640, height: 480, fps: 10, scenes: [...scenes, nobody] };
}

export async function inStudio(job: StudioJob): Promise<void> {
  const studio = (await import(STUDIO)) as typeof import('../../src/demo/studio-client.js');
  await studio.inStudio(job);
}

export const scratch = (): string => mkdtempSync(join(tmpdir(), 'kaimon-scenario-'));
export const discard = (folder: string): void => rmSync(folder, { recursive: true, force: true });

export async function film(out: string, faces: readonly Likeness[], frames?: number, gap?: number): Promise<void> {
  await inStudio({ job: 'film', photos: SAMPLES, out, seed: 7, script: filmOf(faces, frames, gap) });
}

/** A film of one person, or of a picture of the person, that liveness takes for what it is. */
export async function shortFilm(out: string, wanted: ShortFilm): Promise<void> {
  const { makeShortFilm } = (await import(SHORT_FILM)) as typeof import('../../src/demo/short-film.js');
  await makeShortFilm(wanted, SAMPLES, out);
}

export async function portrait(out: string, likeness: Likeness): Promise<Buffer> {
  await inStudio({ job: 'portraits', photos: SAMPLES, portraits: [{ likeness, out }] });
  return readFileSync(out);
}

export interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A running gate, the office that talks to it, and the events that it reported. */
export interface Gate {
  readonly pid: number;
  readonly office: BackOffice;
  readonly events: Event[];
  readonly log: () => string;
  /** Resolves with the first event, past or future, that is wanted. */
  until(wanted: (event: Event) => boolean): Promise<Event>;
  /** Moves a simulated wire (`door.gpio.simulatedWires: parent`). */
  wire(order: WireOrder): void;
  /** Level of a simulated output; undefined before it had one. */
  level(offset: number): boolean | undefined;
  stop(): Promise<boolean>;
  kill(): Promise<void>;
}

/** Films of {@link film} are noisy and their people grow fast; {@link shortFilm} and the demo test liveness. */
const NO_LIVENESS = { liveness: { enabled: false } };

export async function startGate(
  folder: string,
  url: string,
  gate: string,
  { site = 'home', ...config }: Readonly<Record<string, unknown>> & { readonly site?: string },
): Promise<Gate> {
  const { Daemon } = (await import(DAEMON)) as typeof import('../../src/demo/daemon.js');
  const own = join(folder, gate);
  mkdirSync(own, { recursive: true });
  const file = join(own, 'kaimon.yaml');
  const log = join(own, 'gate.log');
  writeFileSync(
    file,
    stringify({ site, gate, mqtt: { enabled: true, url }, greeting: { speak: false }, ...NO_LIVENESS, ...config }),
  );
  const events: Event[] = [];
  let waiters: { wanted: (event: Event) => boolean; resolve: (event: Event) => void }[] = [];
  const office = await BackOffice.connect(url, { site, gate }, (raw) => {
    const event = raw as Event;
    events.push(event);
    const met = waiters.filter(({ wanted }) => wanted(event));
    waiters = waiters.filter((waiter) => !met.includes(waiter));
    for (const { resolve } of met) resolve(event);
  });
  const levels = new Map<number, boolean>();
  const onMessage = (message: unknown): void => {
    const report = wireReportSchema.parse(message);
    if (report.kind === 'output') levels.set(report.offset, report.high);
  };
  const daemon = new Daemon({ config: file, state: join(own, 'state'), log, onMessage });
  return {
    pid: daemon.pid,
    office,
    events,
    log: () => readFileSync(log, 'utf8'),
    until(wanted) {
      const past = events.find(wanted);
      if (past) return Promise.resolve(past);
      return new Promise((resolve) => waiters.push({ wanted, resolve }));
    },
    wire: (order) => daemon.send(order),
    level: (offset) => levels.get(offset),
    async stop() {
      const clean = await daemon.stop();
      await office.close();
      return clean;
    },
    async kill() {
      process.kill(daemon.pid, 'SIGKILL');
      await daemon.stop();
      await office.close();
    },
  };
}

/** The eye of a gate: its only child that runs eye/main.js. */
export function eyeOf(gatePid: number): number {
  const children = readFileSync(`/proc/${gatePid}/task/${gatePid}/children`, 'utf8').trim().split(' ').map(Number);
  const eye = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('eye/main.js'));
  if (eye === undefined) throw new Error(`gate ${gatePid} has no eye`);
  // Bubblewrap, which keeps it in a sandbox, stands between the two.
  return readFileSync(`/proc/${eye}/comm`, 'utf8').trim() === 'bwrap' ? eyeOf(eye) : eye;
}

/** Runs the command line. */
export function kaimon(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAIMON_')));
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}
