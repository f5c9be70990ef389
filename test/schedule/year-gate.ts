/** A whole gate process on simulated time, of which only camera and wires are not there: what they do is done by hand. */
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLOCK_SOURCES } from '../../src/clock-trust/clock-facts.js';
import { DISTRUST_TEXT } from '../../src/clock-trust/clock-trust.js';
import type { Paths } from '../../src/config/paths.js';
import { SimulatedGpio } from '../../src/door/gpio/simulated-gpio.js';
import type { EyeListeners } from '../../src/eye/eye-status.js';
import { EyeSupervisor } from '../../src/eye/supervisor.js';
import type { WallMs } from '../../src/kit/clock.js';
import { type Log, silentLog } from '../../src/kit/log.js';
import { encodeVector } from '../../src/kit/vector.js';
import { startGate } from '../../src/main.js';
import { openModels } from '../../src/models/open-models.js';
import type { Person } from '../../src/person/person.js';
import { PeopleStore } from '../../src/store/people-store.js';
import { given } from '../config/given.js';
import { someone, template } from '../person/sample.js';
import { faceOf, observationOf } from '../property/gate-scene.js';
import { type SteppedClock, settled } from './stepped-clock.js';

const [RELAY, CONTACT] = [17, 22];
/** A face that was not seen for a second has gone. */
const GONE_MS = 1100;
const FRAME_MS = 60;
const FRAMES_MAX = 5;
/** Longer than a wire must keep its level. */
const WIRE_MS = 100;
const PULSE_MS = 1000;
/** What the state says of a clock that is not believed. */
const AGAINST_CLOCK: ReadonlySet<string> = new Set(Object.values(DISTRUST_TEXT));

/** What a person of the year is like; the first one looks into the camera with the first face, and so on. */
export type Rights = Partial<Pick<Person, 'groups' | 'validFrom' | 'validUntil'>>;

export interface YearGate {
  readonly paths: Paths;
  /** Whether the relay's wire releases the bolt. */
  readonly released: () => boolean;
  /** How often the relay has moved since the last call. */
  moves(): number;
  readonly mode: () => string;
  /** Whether the gate's state says nothing against the clock. */
  readonly believesClock: () => boolean;
  /** A person comes to the door. @returns `granted`, or the reason why not */
  comes(person: number): Promise<string>;
  /** The door is opened and closed. */
  goesThrough(): Promise<void>;
  /** Errors that the gate has logged since the last call. */
  complaints(): readonly string[];
  stop(): Promise<void>;
}

export interface YearGateParts {
  readonly clock: SteppedClock;
  /** Where the folder of the gate is made, under its name. */
  readonly folder: string;
  readonly name: string;
  readonly access: object;
  readonly people: readonly Rights[];
  readonly journalDays: number;
  readonly evidenceDays: number;
}

export async function startYearGate(parts: YearGateParts): Promise<YearGate> {
  const { clock, folder, name } = parts;
  const paths = { state: join(folder, name), cache: join(folder, name, 'cache'), run: join(folder, name, 'run') };
  const { config } = given(JSON.stringify(settingsOf(parts)));
  const { encoder, dimension } = openModels({ config, paths });
  await enrol(parts, paths, encoder, dimension);

  const errors: string[] = [];
  let decided: string | undefined;
  const log: Log = {
    ...silentLog,
    info: (fields: unknown) => {
      const { type, reason } = fields as { readonly type?: string; readonly reason?: string };
      if (type === 'granted' || type === 'refused') decided = reason ?? type;
    },
    error: (...logged: unknown[]) => void errors.push(JSON.stringify(logged)),
  } as Log;
  const { gate, wires, eye } = await withHandles(() => startGate(config, paths, log, { clock }));
  await settled();
  // That there is no eye is told once.
  const expected = errors.splice(0).filter((line) => !line.includes('no face can be recognised'));
  errors.push(...expected);

  let [moves, level, frame] = [0, wires.level(RELAY), 0];
  wires.onOutput((offset, high) => {
    if (offset !== RELAY || high === level) return;
    level = high;
    moves++;
  });
  const look = (person: number) => {
    const takenMs = clock.monotonic();
    const embedding = encodeVector(faceNumber(person, dimension));
    eye.onObservation(observationOf({ frame: frame++, takenMs, encoder, faces: [faceOf({ angle: 0, embedding })] }));
  };
  return {
    paths,
    released: () => wires.level(RELAY) === true,
    moves: () => {
      const counted = moves;
      moves = 0;
      return counted;
    },
    mode: () => gate.state().door.mode,
    believesClock: () => !gate.state().problems.some((problem) => AGAINST_CLOCK.has(problem)),
    async comes(person) {
      await clock.pass(GONE_MS);
      decided = undefined;
      for (let n = 0; n < FRAMES_MAX && decided === undefined; n++) {
        await clock.pass(FRAME_MS);
        look(person);
      }
      return decided ?? 'nothing decided';
    },
    async goesThrough() {
      for (const open of [true, false]) {
        wires.set(CONTACT, open);
        await clock.pass(WIRE_MS);
      }
    },
    complaints: () => errors.splice(0),
    async stop() {
      let stopped = false;
      const ended = gate.stop().finally(() => {
        stopped = true;
      });
      while (!stopped) {
        await clock.pass(FRAME_MS);
        await settled();
      }
      await ended;
    },
  };
}

const settingsOf = ({ folder, name, access, journalDays, evidenceDays }: YearGateParts) => ({
  gate: name,
  access,
  door: {
    kind: 'gpio',
    gpio: { backend: 'simulated' },
    relay: { line: RELAY },
    contact: { line: CONTACT },
    pulseMs: PULSE_MS,
  },
  decision: { cooldownMs: 0 },
  liveness: { enabled: false, evidencePictures: 1000, evidenceDays },
  journal: { maxAgeDays: journalDays },
  greeting: { enabled: false },
  mqtt: { enabled: false },
  eye: { socket: join(folder, 'no-eye') },
});

/** As far from all others as faces can be. */
const faceNumber = (person: number, dimension: number): Float32Array =>
  Float32Array.from({ length: dimension }, (_, i) => (i === person ? 1 : 0));

async function enrol({ clock, name, people }: YearGateParts, { state }: Paths, encoder: string, dimension: number) {
  await mkdir(join(state, 'evidence'), { recursive: true });
  const store = await PeopleStore.open({
    file: join(state, 'people.json'),
    encoder,
    gate: name,
    clock,
    log: silentLog,
  });
  for (const [i, rights] of people.entries()) {
    const { version: _, ...person } = someone(`person-${i}`, [], rights);
    await store.put({ ...person, templates: [template(faceNumber(i, dimension), encoder)] });
  }
  await store.close();
}

/** Gets hold of the simulated wires, and of whom an eye would tell what it sees; the gate takes it that there is none. */
async function withHandles<T>(start: () => Promise<T>) {
  let wires: SimulatedGpio | undefined;
  let eye: EyeListeners | undefined;
  const { output } = SimulatedGpio.prototype;
  const { start: startEye, hold } = EyeSupervisor.prototype;
  SimulatedGpio.prototype.output = function (...args) {
    wires = this;
    return output.apply(this, args);
  };
  EyeSupervisor.prototype.hold = function (why, listeners) {
    eye = listeners;
    hold.call(this, why, listeners);
  };
  EyeSupervisor.prototype.start = function (listeners) {
    this.hold('no eye here', listeners);
  };
  try {
    const gate = await start();
    if (!wires || !eye) throw new Error('the gate has opened no wires, or looks for no eye');
    return { gate, wires, eye };
  } finally {
    SimulatedGpio.prototype.output = output;
    Object.assign(EyeSupervisor.prototype, { start: startEye, hold });
  }
}

/** The network's time service, in place of the machine's own: what it has left in /run for the gates to read. */
export async function timeService(folder: string, clock: SteppedClock) {
  const own = { ...CLOCK_SOURCES };
  const file = join(folder, 'synchronized');
  const rtcFolder = join(folder, 'no-rtc');
  await mkdir(rtcFolder);
  Object.assign(CLOCK_SOURCES, { syncFile: file, rtcFolder });
  const confirm = async (at: WallMs = clock.wall()) => utimes(file, at / 1000, at / 1000);
  await writeFile(file, '');
  await confirm();
  return { confirm, stop: () => void Object.assign(CLOCK_SOURCES, own) };
}
