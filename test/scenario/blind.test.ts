import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Config } from '../../src/config/config.js';
import { BackOffice } from '../../src/demo/back-office.js';
import type { SimulatedGpio } from '../../src/door/gpio/simulated-gpio.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { type EmbeddedBroker, startBroker } from '../../src/site/link/embedded-broker.js';
import { PeopleStore } from '../../src/store/people-store.js';
import { given } from '../config/given.js';
import { until } from '../site/until.js';
import { newcomer, template } from '../store/sample.js';
import { discard, notReady, ROOT, SAMPLES, scratch } from './harness.js';

const [RELAY, REX, FIRE] = [17, 25, 27];
const MINE = 'mine@0123456789ab';

/** An installation of its own, whose networks are spoilt and put right again. */
let root: string;
let folder: string;
let broker: EmbeddedBroker;
let startGate: typeof import('../../src/main.js').startGate;
const chips = new Set<SimulatedGpio>();

beforeAll(async () => {
  if (notReady) return;
  root = scratch();
  for (const part of ['dist', 'config']) cpSync(join(ROOT, part), join(root, part), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(root, 'package.json'));
  for (const part of ['node_modules', 'src']) symlinkSync(join(ROOT, part), join(root, part));
  restoreNetworks();
  ({ startGate } = await import(join(root, 'dist/main.js')));
  const gpio: typeof import('../../src/door/gpio/simulated-gpio.js') = await import(
    join(root, 'dist/door/gpio/simulated-gpio.js')
  );
  const { input } = gpio.SimulatedGpio.prototype;
  vi.spyOn(gpio.SimulatedGpio.prototype, 'input').mockImplementation(function (this: SimulatedGpio, line, ...more) {
    chips.add(this);
    // At rest: the button up, no fire.
    this.set(line.offset, line.offset === REX);
    return input.call(this, line, ...more);
  });
}, 60_000);
afterAll(() => {
  vi.restoreAllMocks();
  if (root) discard(root);
});
beforeEach(async () => {
  folder = scratch();
  broker = await startBroker();
  chips.clear();
});
afterEach(async () => {
  await broker.close();
  discard(folder);
});

function restoreNetworks(): void {
  rmSync(join(root, 'models'), { recursive: true, force: true });
  cpSync(join(ROOT, 'models'), join(root, 'models'), { recursive: true });
}

const inModels = (name: string) => join(root, 'models', name);
const inState = (name: string) => join(folder, 'state', name);
type Entry = { name: string; role: string; file: string; [field: string]: unknown };
const manifest = (): { models: Entry[]; [field: string]: unknown } =>
  JSON.parse(readFileSync(inModels('manifest.json'), 'utf8'));
const writeManifest = (change: (models: Entry[]) => Entry[]) => {
  const whole = manifest();
  writeFileSync(inModels('manifest.json'), JSON.stringify({ ...whole, models: change(whole.models) }));
};
const fileOf = (role: string) => inModels(manifest().models.find((model) => model.role === role)?.file ?? '');
/** An entry such as `kaimon models add` writes it. */
const added = (change: Record<string, unknown>) => {
  const like = manifest().models.find(({ name }) => name === 'openface');
  const own = { ...like, name: 'own', file: 'own.onnx', source: { kind: 'owner', from: 'a test' }, ...change };
  writeFileSync(inModels('own.json'), JSON.stringify({ schema: 1, ...own }));
};
/** Thresholds as `kaimon calibrate` writes them. */
const calibration = (schema: number) => {
  const from = (threshold: number) => ({ threshold, from: 'measured' });
  const thresholds = { '1e-2': from(1), '1e-3': from(0.9), '1e-4': from(0.8), '1e-5': from(0.7) };
  const facts = { encoder: MINE, measured: '2026-11-24T08:00:00.000Z', people: 46, impostorPairs: 9 };
  writeFileSync(inState('calibration.json'), JSON.stringify({ schema, ...facts, thresholds }));
};

const config = (change: string) =>
  given(`
site: home
gate: north
camera: { kind: replay, path: ${SAMPLES} }
door:
  kind: gpio
  gpio: { backend: simulated }
  pulseMs: 500
  relay: { line: ${RELAY} }
  rex: { line: ${REX} }
  fire: { line: ${FIRE} }
access: { clock: unchecked }
greeting: { enabled: false }
mqtt: { enabled: true, url: '${broker.url}' }
${change}`).config;

/** Two people whom another encoder has measured, the configuration's where that is not known. */
async function enrolTwo(): Promise<void> {
  const store = await PeopleStore.open({
    file: inState('people.json'),
    encoder: MINE,
    gate: 'north',
    clock: new ManualClock(),
    log: silentLog,
  });
  for (const id of ['ada', 'grace']) await store.put(newcomer(id, { templates: [template(0.5, MINE)] }));
  await store.close();
}

const storedPeople = () => JSON.parse(readFileSync(inState('people.json'), 'utf8'));

async function journalOf(): Promise<string> {
  const names = (await readdir(inState('journal'))).filter((name) => name.endsWith('.jsonl'));
  return (await Promise.all(names.map((name) => readFile(inState(`journal/${name}`), 'utf8')))).join('');
}

const relay = (high: boolean) => until(`the relay is ${high}`, () => [...chips][0]?.level(RELAY) === high);
const wire = (offset: number, high: boolean) => [...chips][0]?.set(offset, high);

interface Case {
  readonly what: string;
  readonly config?: string;
  readonly spoil?: () => void;
  /** The problem in the state. */
  readonly problem: RegExp;
}

const MISSING = 'own.onnx is missing .*bring it again';
const CASES: readonly Case[] = [
  {
    what: 'an encoder that has no entry',
    config: 'encoder: mine',
    problem: /no model "mine" .*known are mobilefacenet, openface; set "encoder" to one of them, or bring that one/,
  },
  { what: 'no manifest', spoil: () => rmSync(inModels('manifest.json')), problem: /no models\/manifest\.json above/ },
  {
    what: 'a manifest that is cut off',
    spoil: () => writeFileSync(inModels('manifest.json'), '{'),
    problem: /manifest\.json cannot be used .*restore it from the release/,
  },
  {
    what: 'a manifest of a later format',
    spoil: () => writeFileSync(inModels('manifest.json'), JSON.stringify({ ...manifest(), schema: 2 })),
    problem: /manifest\.json cannot be used/,
  },
  {
    what: 'a manifest without a network for landmarks',
    spoil: () => writeManifest((models) => models.filter(({ role }) => role !== 'landmarks')),
    problem: /no model for the role landmarks/,
  },
  {
    what: 'a manifest without a network for liveness',
    spoil: () => writeManifest((models) => models.filter(({ role }) => role !== 'liveness')),
    problem: /no model for the role liveness/,
  },
  {
    what: 'a manifest without a confirmer',
    spoil: () => writeManifest((models) => models.filter(({ role }) => role !== 'detector-confirm')),
    problem: /no model for the role detector-confirm/,
  },
  {
    what: 'a landmark network that is missing',
    spoil: () => rmSync(fileOf('landmarks')),
    problem: /is missing .*run "kaimon models build"/,
  },
  {
    what: 'a liveness network that somebody changed',
    spoil: () => writeFileSync(fileOf('liveness'), 'changed'),
    problem: /is not the file that models\/manifest\.json names.*restore it from the release/,
  },
  {
    what: 'an encoder that somebody changed',
    spoil: () => writeFileSync(fileOf('encoder'), 'changed'),
    problem: /is not the file that models\/manifest\.json names: sha256 .*run "kaimon models build"/,
  },
  {
    what: 'a network that is a folder',
    spoil: () => {
      rmSync(fileOf('encoder'));
      mkdirSync(fileOf('encoder'));
    },
    problem: /cannot use .*it is a folder/,
  },
  {
    what: 'a network that is a named pipe',
    spoil: () => {
      rmSync(fileOf('landmarks'));
      execFileSync('mkfifo', [fileOf('landmarks')]);
    },
    problem: /cannot use .*not a plain file but a device, pipe or socket/,
  },
  {
    what: 'a network without an end',
    spoil: () => truncateSync(fileOf('landmarks'), 2 ** 37),
    problem: /cannot use .*it has 137438953472 bytes, at most 200000000 are allowed/,
  },
  {
    what: 'an added entry that is no JSON',
    spoil: () => writeFileSync(inModels('own.json'), '{'),
    problem: /own\.json cannot be used .*mend it or remove it/,
  },
  {
    what: 'an added entry that is a folder',
    spoil: () => mkdirSync(inModels('own.json')),
    problem: /own\.json cannot be used/,
  },
  {
    what: 'an added entry with the name of a network of the release',
    spoil: () => added({ name: 'mobilefacenet' }),
    problem: /mobilefacenet/,
  },
  {
    what: 'an added entry whose file is missing',
    config: 'encoder: own',
    spoil: () => added({}),
    problem: new RegExp(MISSING),
  },
  {
    what: 'an added entry with more numbers than the eye takes',
    config: 'encoder: own',
    spoil: () => added({ output: { name: 'fc1', dimension: 2000, normalised: false } }),
    problem: /the eye cannot use the networks .*dimension/,
  },
  {
    what: 'an added entry without thresholds',
    config: 'encoder: own',
    spoil: () => added({ thresholds: null }),
    problem: /were not measured.*kaimon calibrate DIR/,
  },
  {
    what: 'thresholds of the site that are damaged',
    spoil: () => writeFileSync(inState('calibration.json'), '{'),
    problem: /calibration\.json cannot be used .*kaimon calibrate/,
  },
  {
    what: 'thresholds of the site that are no file',
    spoil: () => mkdirSync(inState('calibration.json')),
    problem: /calibration\.json cannot be used/,
  },
  {
    what: 'thresholds of the site that are a named pipe',
    spoil: () => execFileSync('mkfifo', [inState('calibration.json')]),
    problem: /calibration\.json cannot be used .*not a plain file/,
  },
  {
    what: 'thresholds of the site of a later version',
    spoil: () => calibration(2),
    problem: /calibration\.json cannot be used \(format 2; this version reads up to 1\)/,
  },
];

describe.skipIf(notReady)('a gate that cannot recognise faces serves all else', () => {
  test.each(CASES)(
    'with $what',
    async ({ config: change = '', spoil = () => undefined, problem }) => {
      await enrolTwo();
      try {
        spoil();
        const gate = await startGate(config(change), paths(), silentLog);
        await relay(false);
        const { problems } = gate.state();
        expect(problems).toContainEqual(expect.stringMatching(/^no face can be recognised: /));
        expect(problems).toContainEqual(expect.stringMatching(problem));
        await expectServed();
        await gate.stop();
        expect(await journalOf()).toMatch(/"type":"eye","fields":\{"state":"stopped","why":"[^"]{20}/);
      } finally {
        restoreNetworks();
      }
    },
    60_000,
  );

  test('people are changed and removed, and keep the encoder they were measured with', async () => {
    await enrolTwo();
    const gate = await startGate(config('encoder: mine'), paths(), silentLog);
    expect(gate.state().problems.filter((text) => text.startsWith('people'))).toEqual([]);
    const office = await officeOf();
    expect(await office.ask('remove', { id: 'ada' })).toMatchObject({ ok: true });
    expect(await office.ask('people', {})).toMatchObject({ ok: true });
    await office.close();
    await gate.stop();
    expect(Object.keys(storedPeople().people)).toEqual(['grace']);
    expect(storedPeople().encoder).toBe(MINE);
  }, 60_000);

  test.each<[string, () => Partial<Config>, RegExp]>([
    [
      'a camera that is not there',
      () => ({ camera: given('camera: { kind: device, device: /dev/video97 }').config.camera }),
      /^(no camera|the eye was lost): /,
    ],
    [
      'a cascade that is not there',
      () => ({ faces: given('faces: { haar: { cascade: /nowhere/cascade.xml } }').config.faces }),
      /^the eye was lost: /,
    ],
    [
      'an eye that nobody starts',
      () => ({ eye: given('eye: { socket: /nowhere/eye.sock }').config.eye }),
      /^the eye was lost: .*kaimon-eye\.socket/,
    ],
  ])(
    'and with %s, which is waited for',
    async (_what, change, problem) => {
      const gate = await startGate({ ...config(''), ...change() }, paths(), silentLog);
      await until('the state says so', () => gate.state().problems.some((text) => problem.test(text)), 30);
      await expectServed();
      await gate.stop();
    },
    60_000,
  );
});

const paths = () => {
  const state = join(folder, 'state');
  mkdirSync(state, { recursive: true });
  return { state, cache: join(folder, 'cache'), run: join(folder, 'run') };
};

/** The back office, once the gate is there to answer it. */
async function officeOf(): Promise<BackOffice> {
  const office = await BackOffice.connect(broker.url, { site: 'home', gate: 'north' }, () => undefined);
  await office.until(({ status }) => status === 'degraded');
  return office;
}

/** Exit button, fire alarm and requests, and what other programs of this machine ask. */
async function expectServed(): Promise<void> {
  wire(FIRE, true);
  await relay(true);
  wire(FIRE, false);
  await relay(false);
  wire(REX, false);
  await relay(true);
  wire(REX, true);
  const office = await officeOf();
  expect(await office.ask('open', { reason: 'test' })).toMatchObject({ ok: true });
  expect(await office.ask('people', {})).toMatchObject({ ok: true });
  await office.close();
  expect(readFileSync(join(folder, 'run/state.json'), 'utf8')).toContain('"problems"');
}
