import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startBroker } from '../site/link/embedded-broker.js';
import { BackOffice } from './back-office.js';
import { Daemon } from './daemon.js';
import { ENROLLED, filmLength, SCRIPT, sceneAt } from './script.js';
import { inStudio } from './studio-client.js';
import { type Approach, allWell, approachesOf, type Told, toldIn, wrongNames } from './verdict.js';

/** Where and with what the demo runs. */
export interface DemoSetting {
  /** For everything it writes. */
  readonly folder: string;
  /** Where the sample photos lie. */
  readonly samples: string;
  /** The gate's encoder; undefined: the configuration's default. */
  readonly encoder: string | undefined;
}

/** What the demo tells while it runs. */
export interface Story {
  line(text: string): void;
  progress(what: string, share: number): void;
}

export interface DemoResult {
  readonly enrolled: readonly string[];
  readonly approaches: readonly Approach[];
  readonly greetings: readonly string[];
  /** How long the bolt was drawn each time, milliseconds. */
  readonly pulsesMs: readonly number[];
  readonly ok: boolean;
  /** An annotated frame. */
  readonly picture: string | null;
  readonly liveness: string;
}

const NAMES = { site: 'demo', gate: 'front' };
const SEED = 20_261_124;
const PULSE_MS = 1500;
/** The film shows stills, which never move as a solid face does: only that cue is off, and the result says so. */
const LIVENESS = 'on by the look of the face; the motion cue is off, since the film is made of still photos';

/**
 * The product from camera to door: a daemon with a replayed camera, a broker, two people enrolled over MQTT, the film.
 */
export async function runDemo(setting: DemoSetting, story: Story, signal: AbortSignal): Promise<DemoResult> {
  const { folder, samples, encoder } = setting;
  const files = {
    film: join(folder, 'film'),
    unseen: join(folder, 'film.made'),
    state: join(folder, 'state'),
    config: join(folder, 'kaimon.yaml'),
    log: join(folder, 'gate.log'),
  };
  for (const old of [files.film, files.unseen, files.state, files.log]) rmSync(old, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await inStudio({ job: 'film', photos: samples, out: files.unseen, seed: SEED, script: SCRIPT }, (share) =>
    story.progress('making the film', share),
  );
  const portraits = ENROLLED.map(({ name, likeness }) => ({ likeness, out: join(folder, `${name}.jpg`) }));
  await inStudio({ job: 'portraits', photos: samples, portraits });

  const broker = await startBroker();
  writeFileSync(files.config, stringify(configFor(broker.url, files.film, encoder)));
  const record = new Record(story);
  const office = await BackOffice.connect(broker.url, NAMES, (event) => record.hear(event));
  const daemon = new Daemon(files);
  try {
    const course = play(files, office, story);
    const stopped = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
    await Promise.race([course, daemon.failsEarly(files.log), stopped]);
    const clean = await daemon.stop();
    if (!clean) story.line('the gate did not stop cleanly');
    return { ...record.result(clean), picture: await annotate(files.film, folder, record.told) };
  } finally {
    await daemon.stop();
    await office.close();
    await broker.close();
  }
}

const configFor = (url: string, film: string, encoder: string | undefined) => ({
  site: NAMES.site,
  gate: NAMES.gate,
  ...(encoder === undefined ? {} : { encoder }),
  camera: { kind: 'replay', path: film, fps: SCRIPT.fps, speed: 'real', loop: false },
  liveness: { motion: false },
  // Strangers stand beside those who are known, and must not keep them out.
  decision: { faces: 'all-known' },
  door: { kind: 'simulated', pulseMs: PULSE_MS },
  mqtt: { enabled: true, url },
});

async function play(
  files: { readonly film: string; readonly unseen: string; readonly state: string },
  office: BackOffice,
  story: Story,
): Promise<void> {
  await office.until(({ eye }) => eye === 'up');
  story.line('the gate is up; enrolling over MQTT');
  for (const { name } of ENROLLED) {
    await office.enroll(name, readFileSync(join(files.state, '..', `${name}.jpg`)));
    story.line(`${name} is enrolled with one photo`);
  }
  // Only now there is something to see: the camera, closed so far, is opened by the gate's next try.
  renameSync(files.unseen, files.film);
  await office.until(({ camera }) => camera === 'live');
  story.line('the camera delivers');
  const start = Date.now();
  const lengthMs = (filmLength(SCRIPT) * 1000) / SCRIPT.fps;
  const timer = setInterval(() => story.progress('the film runs', Math.min(1, (Date.now() - start) / lengthMs)), 250);
  try {
    await office.until(({ camera, door }) => camera === 'ended' && door?.state === 'locked');
  } finally {
    clearInterval(timer);
  }
}

/** What the gate told, and the story made of it. */
class Record {
  readonly told: Told[] = [];
  readonly #story: Story;
  readonly #greetings: string[] = [];
  readonly #pulsesMs: number[] = [];
  #drawnAt: number | undefined;
  #scene = -1;

  constructor(story: Story) {
    this.#story = story;
  }

  hear(event: Readonly<globalThis.Record<string, unknown>>): void {
    switch (event['type']) {
      case 'granted':
      case 'refused':
        this.#decision(event as unknown as Told);
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

  result(clean: boolean): Omit<DemoResult, 'picture'> {
    const scenes = SCRIPT.scenes.map((scene, index) => ({ scene, told: toldIn(SCRIPT, index, this.told) }));
    const approaches = scenes.flatMap(({ scene, told }) => approachesOf(scene, told));
    const wrong = scenes.flatMap(({ scene, told }) => wrongNames(SCRIPT, scene, told));
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

  #decision(told: Told): void {
    this.told.push(told);
    const { scene, index } = sceneAt(SCRIPT, told.frame);
    if (index !== this.#scene) this.#story.line(scene.title);
    this.#scene = index;
    const distance = told.distance === null ? '' : `, distance ${told.distance.toFixed(2)}`;
    const after = told.afterMs === null ? '' : ` after ${(told.afterMs / 1000).toFixed(2)} s`;
    const what = told.type === 'granted' ? `✔ the door opens for ${told.name}${after}` : `✘ refused: ${told.text}`;
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

/** The frame of the last grant, with everybody who was decided on in its scene. */
async function annotate(film: string, folder: string, told: readonly Told[]): Promise<string | null> {
  const last = told.findLast(({ type, box }) => type === 'granted' && box);
  if (!last) return null;
  const { index } = sceneAt(SCRIPT, last.frame);
  const marks = toldIn(SCRIPT, index, told).flatMap(({ box, name, type, distance }) => {
    const [x, y, width, height] = box ?? [];
    if (x === undefined || y === undefined || width === undefined || height === undefined) return [];
    const text = `${name ?? 'nobody'}\ndistance ${distance?.toFixed(2) ?? '-'}`;
    return [{ box: { x, y, width, height }, text, tone: type === 'granted' ? ('good' as const) : ('bad' as const) }];
  });
  const out = join(folder, 'annotated.jpg');
  await inStudio({ job: 'annotate', picture: join(film, `${String(last.frame).padStart(6, '0')}.jpg`), marks, out });
  return out;
}
