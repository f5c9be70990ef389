/**
 * `npm run bench`, a table of contents: film → whole daemons → stages → decision → people store → report.
 * Options: --json prints all figures; --out FILE writes them between the marks in FILE (docs/performance.md); --attention measures nothing
 * but what is left out where known faces are followed.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load.js';
import { EXIT, explain } from '../kit/errors.js';
import { loadOpenCv, useThreads } from '../kit/opencv/binding.js';
import { KEY_BYTES, makeSealKey } from '../kit/sealing/seal-key.js';
import { Vault } from '../kit/sealing/vault.js';
import { loadManifest } from '../models/model-files.js';
import { loadModels } from '../models/model-set.js';
import { type AttentionFigures, benchAttention } from './attention.js';
import { benchSpeed, benchStart } from './daemon.js';
import { benchDecision } from './decision.js';
import { benchEncoders } from './encoders.js';
import { makeFilms } from './film.js';
import { describeMachine, load } from './machine.js';
import { benchPeopleStore } from './people-store.js';
import { attention, type BenchFigures, intoDocument, report } from './report.js';
import { benchOpenCvThreads, benchStages } from './stages.js';

const progress = (text: string) => process.stderr.write(`${text}\n`);

async function measureAll(folder: string): Promise<BenchFigures> {
  const { config } = loadConfig({ env: {} });
  const modelSet = await loadModels(loadManifest(), { encoder: config.encoder, liveness: config.liveness.enabled });
  progress('making the film');
  const films = await makeFilms(folder);
  const loads = [load()];

  progress('starting the daemon, again and again');
  const start = await benchStart(films, join(folder, 'start'));
  const speed = [];
  for (const film of ['none', 'one', 'three'] as const) {
    progress(`a whole daemon at full speed, frames with ${film}`);
    speed.push(await benchSpeed(film, films[film], join(folder, film)));
  }

  progress('stages');
  loads.push(load());
  await loadOpenCv();
  const openCvThreads = await benchOpenCvThreads(films, config);
  const { stages, totals, observation } = await benchStages(films, modelSet, config);
  progress('encoders');
  const encoders = await benchEncoders(loadManifest(), folder);
  progress('decision');
  const decisions = await benchDecision(observation, modelSet, config);

  progress('people store');
  const people = [];
  for (const dimension of [512, 128]) {
    for (const vault of [Vault.plain(), Vault.sealing(makeSealKey(randomBytes(KEY_BYTES)))]) {
      const own = join(folder, `people-${dimension}-${vault.seals ? 'sealed' : 'plain'}`);
      mkdirSync(own);
      people.push(await benchPeopleStore({ people: 10_000, templates: 3, dimension, folder: own, vault }));
    }
  }
  loads.push(load());
  return {
    machine: describeMachine(),
    load: loads,
    openCvThreads,
    stages,
    totals,
    encoders,
    decisions,
    start,
    speed,
    people,
  };
}

/** Only what is left out, and what that saves. */
async function measureAttention(folder: string): Promise<AttentionFigures[]> {
  const { config } = loadConfig({ env: {} });
  const modelSet = await loadModels(loadManifest(), { encoder: config.encoder, liveness: true });
  const films = await makeFilms(folder);
  await loadOpenCv();
  useThreads(1);
  return benchAttention(films, modelSet, config.faces);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      out: { type: 'string' },
      attention: { type: 'boolean', default: false },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'kaimon-bench-'));
  try {
    if (values.attention) {
      const figures = await measureAttention(folder);
      process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : `${attention(figures)}\n`);
      return;
    }
    const figures = await measureAll(folder);
    process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : `${report(figures)}\n`);
    if (values.out !== undefined)
      writeFileSync(values.out, intoDocument(readFileSync(values.out, 'utf8'), report(figures)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((thrown: unknown) => {
  progress(`bench: ${explain(thrown)}`);
  process.exitCode = EXIT.environment;
});
