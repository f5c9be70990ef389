import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startBroker } from '../site/link/embedded-broker.js';
import { BackOffice } from './back-office.js';
import { Daemon } from './daemon.js';
import { ENROLLED } from './people.js';
import { DemoRecord, type RecordedResult } from './record.js';
import { filmLength, SCRIPT, sceneAt } from './script.js';
import type { Story } from './story.js';
import { inStudio } from './studio-client.js';
import { type DecisionEvent, decisionsIn } from './verdict.js';

/** Where and with what the demo runs. */
export interface DemoSetting {
  /** For everything it writes. */
  readonly folder: string;
  /** Where the sample photos lie. */
  readonly samples: string;
  /** The gate's encoder; undefined: the configuration's default. */
  readonly encoder: string | undefined;
}

export interface DemoResult extends RecordedResult {
  /** An annotated frame. */
  readonly picture: string | null;
}

const NAMES = { site: 'demo', gate: 'front' };
const SEED = 20_261_124;
const PULSE_MS = 1500;
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
  const record = new DemoRecord(story);
  const office = await BackOffice.connect(broker.url, NAMES, (event) => record.add(event));
  const daemon = new Daemon(files);
  try {
    const course = play(files, office, story);
    const stopped = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
    await Promise.race([course, daemon.failsEarly(files.log), stopped]);
    const clean = await daemon.stop();
    if (!clean) story.line('the gate did not stop cleanly');
    return { ...record.result(clean), picture: await annotate(files.film, folder, record.decisions) };
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
  // Strangers stand beside enrolled people, and must not keep them out.
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
  // Only now there is a film: the gate's next try to open the camera succeeds.
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

/** The frame of the last grant, with a mark on each face that was decided on in its scene. */
async function annotate(film: string, folder: string, decisions: readonly DecisionEvent[]): Promise<string | null> {
  const last = decisions.findLast(({ type, box }) => type === 'granted' && box);
  if (!last) return null;
  const { index } = sceneAt(SCRIPT, last.frame);
  const marks = decisionsIn(SCRIPT, index, decisions).flatMap(({ box, name, type, distance }) => {
    const [x, y, width, height] = box ?? [];
    if (x === undefined || y === undefined || width === undefined || height === undefined) return [];
    const text = `${name ?? 'nobody'}\ndistance ${distance?.toFixed(2) ?? '-'}`;
    return [{ box: { x, y, width, height }, text, tone: type === 'granted' ? ('good' as const) : ('bad' as const) }];
  });
  const out = join(folder, 'annotated.jpg');
  await inStudio({ job: 'annotate', picture: join(film, `${String(last.frame).padStart(6, '0')}.jpg`), marks, out });
  return out;
}
