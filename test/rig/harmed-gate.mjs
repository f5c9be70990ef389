// One gate that is well, is harmed while it runs, tried meanwhile, and watched until it is well again by itself.
import { closeSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { BackOffice } from '../../dist/demo/back-office.js';
import { missingFacts } from './facts.mjs';
import { call } from './faults.mjs';
import {
  BUTTON,
  configOf,
  entriesIn,
  FIRE,
  makeFolders,
  PULSE_MS,
  pause,
  STARTED_MS,
  startGate,
  within,
} from './gate-process.mjs';
import { endDisk, makeDisk } from './own-disk.mjs';

const START_MS = 150_000;
const FACE_MS = 90_000;
const BACK_MS = 120_000;
/** How long a harm lasts, and how often the button is pressed meanwhile. */
const DURING_MS = 12_000;
const PRESSES = 5;
/** A request that is not answered within this time is not served at the moment. */
const ASKED_MS = 3_000;
/** A change of people is answered when it is on the disk, or when the disk is late. */
const CHANGED_MS = 15_000;

/** @param harm of test/rig/harm-list.mjs @param broker a real Mosquitto */
export async function harmGate(folder, prepared, harm, broker) {
  const state = makeFolders(folder);
  const image = join(folder, 'disk');
  makeDisk(image, state);
  const set = {
    folder,
    state,
    image,
    config: configOf(prepared.film, broker.url),
    root: prepared.root,
    log: undefined,
  };
  const at = { set, prepared, broker };
  try {
    writeFileSync(join(state, 'people.json'), prepared.people, { mode: 0o600 });
    // As the gate itself leaves it: what is not on the disk a fault of the disk takes away.
    call('sync', '-f', state);
    set.config.decision.cooldownMs = 1000;
    harm.before?.(set, prepared);
    const { found, told, changes } = await harmed(at, harm);
    return { ...found, missing: await missingFacts(state, told, changes) };
  } finally {
    harm.after?.(at);
    for (const fd of [set.held, set.log]) if (fd !== undefined) closeSync(fd);
    endDisk(state);
  }
}

async function harmed(at, harm) {
  const { set, prepared, broker } = at;
  const told = [];
  const changes = [];
  const gate = startGate(set);
  at.gate = gate;
  const office = await BackOffice.connect(broker.url, { site: 'rig', gate: 'rig' }, (event) => told.push(event));
  const asked = (verb, args, ms) => soon(office.ask(verb, args), ms);
  const change = async (verb, args, there) => {
    const { ok, result, error } = await asked(verb, args, CHANGED_MS);
    // One that is not saved counts all the same, and is saved once the disk takes it.
    if (ok || error?.code === 'not-saved') changes.push({ id: result?.id ?? args.id, there });
    return ok ? 'yes' : (error?.code ?? 'no answer');
  };
  const faces = faceCounter(set, told);
  // systemctl's line is cut off at 200 characters; without a broker there is nothing else.
  const heard = () => harm.asks !== false && office.state && [...office.state.problems, ...office.state.warnings];
  const said = () => (heard() || gate.problems()).filter(isNews);
  const plain = (text) => text.replaceAll(set.folder, '…').replaceAll(prepared.folder, '…');
  let harming = false;
  const heal = async () => {
    if (harming) await harm.heal?.(at);
    harming = false;
  };
  try {
    if (!(await within(START_MS, () => gate.ready() || gate.ended())) || gate.ended())
      throw new Error(`it did not start: ${gate.ended()}`);
    // What is loaded after the door is told apart: nobody is there yet.
    await pause(STARTED_MS);
    const loop = { start: gate.loop.take() };
    if (!(await within(FACE_MS, () => faces() > 0))) throw new Error('nobody was let in before the harm');
    const wellButton = await pressed(gate, 2, faces);
    const usual = said();
    loop.well = gate.loop.take();

    const struckMs = performance.now();
    const watch = watchGate({ faces, said, usual, entries: () => entriesIn(set.state) });
    await harm.strike(at);
    harming = harm.heal !== undefined;
    const button = await pressed(gate, PRESSES, faces);
    const fire = await fired(gate);
    const answer = harm.asks === false ? { ok: false, error: { code: '–' } } : await asked('open', {});
    const requests = answer.ok ? 'yes' : answer.error.code;
    const removal = harm.asks === false ? '–' : await change('remove', { id: prepared.removed }, false);
    await pause(Math.max(0, (harm.duringMs ?? DURING_MS) - (performance.now() - struckMs)));
    const seen = watch.faces();
    const healedMs = harm.heal ? performance.now() : struckMs;
    await heal();
    loop.during = gate.loop.take();

    const back = await untilBack({ gate, watch, asked, healedMs, served: requests === 'yes' });
    const during = watch.end().map(plain);
    loop.after = gate.loop.take();
    const again = await pressed(gate, 1, faces);
    const photo = readFileSync(join(prepared.folder, 'Grace.jpg')).toString('base64');
    const enrolment = await change('enroll', { name: 'Grace', photo }, true);
    const found = {
      button,
      wellButton,
      again,
      fire,
      requests,
      removal,
      enrolment,
      faces: seen,
      during,
      back,
      loop,
      ended: gate.ended(),
    };
    return { found, told, changes };
  } finally {
    await heal();
    await gate.end();
    await office.close();
  }
}

/** A busy machine and the rig's own fire alarm are not what is tried here. */
const isNews = (text) => !/^(machine-too-slow|fire:|degraded$)/.test(text);

/** Faces let in so far: by the log where it is a file, and where it is not by what the site is told. */
function faceCounter(set, told) {
  if (set.log !== undefined) return () => told.filter(({ type }) => type === 'granted').length;
  const file = join(set.folder, 'gate.log');
  return () => (existsSync(file) ? readFileSync(file, 'utf8').split('"type":"granted"').length - 1 : 0);
}

/** Notes from now on what the state says that it did not before, and when faces are let in and entries written. */
function watchGate({ faces, said, usual, entries }) {
  const problems = new Map();
  const times = { bad: performance.now(), faces: [], entries: [] };
  let [known, kept] = [faces(), entries()];
  const look = () => {
    const now = performance.now();
    const news = said().filter((text) => !usual.includes(text));
    for (const text of news) {
      const key = text.replaceAll(/\d+/g, '#').slice(0, 25);
      if ((problems.get(key)?.length ?? 0) < text.length) problems.set(key, text);
    }
    if (news.length > 0) times.bad = now;
    const [count, lines] = [faces(), entries()];
    if (count > known) times.faces.push(now);
    if (lines > kept) times.entries.push(now);
    [known, kept] = [count, lines];
  };
  const timer = setInterval(look, 50);
  return {
    faces: () => times.faces.length,
    /** Milliseconds from a moment until the state was as before, and until the first face and entry after it. */
    since: (ms) => ({
      state: performance.now() - times.bad < 1_000 ? null : Math.max(0, Math.round(times.bad - ms)),
      faces: firstAfter(times.faces, ms),
      journal: firstAfter(times.entries, ms),
    }),
    end() {
      clearInterval(timer);
      return [...problems.values()];
    },
  };
}

function firstAfter(times, ms) {
  const first = times.find((at) => at > ms);
  return first === undefined ? null : Math.round(first - ms);
}

/** An answer, or none: never rejects. */
const soon = (answer, ms = ASKED_MS) =>
  Promise.race([
    answer.catch((error) => ({ ok: false, error })),
    pause(ms).then(() => ({ ok: false, error: { code: `no answer in ${ms / 1000} s` } })),
  ]);

/** By so much a pulse may last too long on a busy machine. */
const OVER_MS = 50;

/** Presses the button so often. @returns the longest times, milliseconds */
async function pressed(gate, times, faces) {
  const worst = { drawnMs: 0, overMs: 0, failed: 0 };
  for (let n = 0, again = 0; n < times; n++) {
    await gate.locked();
    const [rises, falls, from, letIn] = [gate.relay.rises, gate.relay.falls, performance.now(), faces()];
    gate.wire(BUTTON, true);
    const opened = await within(PULSE_MS * 3, () => gate.relay.rises > rises);
    gate.wire(BUTTON, false);
    const closed = await within(PULSE_MS * 4, () => gate.relay.falls > falls);
    const overMs = gate.relay.fellMs - gate.relay.roseMs - PULSE_MS;
    // A face let in meanwhile lengthens the pulse: tried again, a few times.
    if (opened && closed && overMs > OVER_MS && faces() > letIn && again++ < 4) n--;
    else if (!opened || !closed || overMs > OVER_MS) worst.failed++;
    else {
      worst.drawnMs = Math.max(worst.drawnMs, Math.round(gate.relay.roseMs - from));
      worst.overMs = Math.max(worst.overMs, Math.round(overMs));
    }
  }
  return worst;
}

/** The fire alarm for longer than a pulse: released meanwhile, locked afterwards. */
async function fired(gate) {
  await gate.locked();
  const [rises, falls, from] = [gate.relay.rises, gate.relay.falls, performance.now()];
  gate.wire(FIRE, true);
  const opened = await within(PULSE_MS * 3, () => gate.relay.rises > rises);
  const drawnMs = Math.round(gate.relay.roseMs - from);
  await pause(PULSE_MS * 2);
  const held = gate.relay.drawn() && gate.relay.falls === falls;
  const over = performance.now();
  gate.wire(FIRE, false);
  const closed = await within(PULSE_MS * 4, () => !gate.relay.drawn());
  return { ok: opened && held && closed, drawnMs, lockedMs: Math.round(gate.relay.fellMs - over) };
}

/** Milliseconds after the harm was taken away until each is as before; null: not within {@link BACK_MS}. */
async function untilBack({ gate, watch, asked, healedMs, served }) {
  let requests = served ? 0 : null;
  const back = () => ({ ...watch.since(healedMs), requests });
  const now = () => Math.round(performance.now() - healedMs);
  const missing = () => Object.values(back()).includes(null) && now() < BACK_MS && gate.ended() === undefined;
  while (missing()) {
    if (requests === null && (await asked('mode', { mode: 'normal' })).ok) requests = now();
    await pause(50);
  }
  return back();
}
