import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { fakeToolsRig } from '../door/gpio/gpio-rigs.js';
import { until } from '../site/until.js';
import { CLI, notReady, ROOT } from './harness.js';

const [RELAY, FIRE] = [0, 1];
const at = (offset: number) => ({ line: { chip: 'gate-gpio', offset } });

const cleanUps: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
});

/** A daemon on a chip of stand-ins for the gpiod tools, and what systemd does when it has ended. */
async function house(version: 1 | 2, lockType: 'fail-secure' | 'fail-safe', more = {}) {
  const rig = await fakeToolsRig(version);
  cleanUps.push(rig.close);
  const state = join(rig.folder, 'state');
  mkdirSync(state);
  const config = join(rig.folder, 'kaimon.yaml');
  const fire = { ...at(FIRE), pull: 'as-is' };
  writeFileSync(
    config,
    stringify({
      camera: { kind: 'replay', path: join(rig.folder, 'none') },
      door: { kind: 'gpio', lockType, gpio: { backend: 'gpiod' }, relay: at(RELAY), fire },
      greeting: { enabled: false },
      ...more,
    }),
  );
  let daemon: ChildProcess | undefined;
  const log = join(rig.folder, 'log');
  const ups = (up: string) => readFileSync(log, 'utf8').split(up).length - 1;
  const start = async (up = 'the gate is up') => {
    const out = openSync(log, 'a');
    const before = ups(up);
    daemon = spawn(process.execPath, [CLI, 'run', '--config', config, '--state', state], {
      stdio: ['ignore', out, out],
      env: { ...process.env, INVOCATION_ID: 'as under systemd' },
    });
    cleanUps.push(() => daemon?.kill('SIGKILL'));
    await until(up, () => ups(up) > before, 30);
  };
  const end = async (signal: NodeJS.Signals) => {
    const ended = once(daemon as ChildProcess, 'exit');
    daemon?.kill(signal);
    return (await ended)[0];
  };
  const safeState = () => {
    const script = join(ROOT, 'systemd/safe-state.sh');
    return spawnSync('sh', [script, '--root', rig.folder, '/state/run/door-line'], { encoding: 'utf8' });
  };
  const released = lockType === 'fail-secure';
  cleanUps.push(() => rig.held() && process.kill(rig.holder() as number, 'SIGKILL'));
  return { ...rig, start, end, safeState, released, said: () => readFileSync(log, 'utf8') };
}

describe.skipIf(notReady).each([
  [1, 'fail-secure'],
  [2, 'fail-safe'],
] as const)('gpiod %i, %s lock', (version, lockType) => {
  test('in a fire the door stays released through kill, stop, safe-state.sh and restart, and is locked when the fire is over', async () => {
    const { start, end, safeState, released, wire, drive, drivenOn, holder, written } = await house(version, lockType);
    drive(FIRE, false);
    await start();
    expect([wire(RELAY), drivenOn(RELAY)]).toEqual([!released, false]);
    drive(FIRE, true);
    await until(
      'the door is released, whatever becomes of the daemon',
      () => wire(RELAY) === released && drivenOn(RELAY) && written().at(-1) === String(Number(released)),
    );
    const [holding, before] = [holder(), written()];
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await end(signal);
      expect(holder()).toBe(holding);
      const { status, stderr } = safeState();
      expect([status, stderr]).toEqual([0, expect.stringContaining('released for the fire')]);
      await start();
    }
    // Not for a moment was anything else written, nor did another process take the line.
    expect([wire(RELAY), holder(), written()]).toEqual([released, holding, before]);
    drive(FIRE, false);
    await until('the door is locked', () => wire(RELAY) === !released && !drivenOn(RELAY));
    await end('SIGTERM');
    const { status, stderr } = safeState();
    expect([status, stderr, wire(RELAY)]).toEqual([0, expect.stringContaining('relay idle'), !released]);
  }, 120_000);
});

describe.skipIf(notReady)('where nothing holds the line any more', () => {
  test('safe-state.sh holds the line itself where nothing does, and the next daemon ends that', async () => {
    const { start, end, safeState, released, wire, drive, drivenOn, holder } = await house(1, 'fail-secure');
    drive(FIRE, true);
    await start();
    await until('it is released', () => wire(RELAY) === released && drivenOn(RELAY));
    await end('SIGKILL');
    process.kill(holder() as number, 'SIGKILL');
    await until('nothing holds the line', () => holder() === undefined);
    expect(safeState().status).toBe(0);
    await until('the line is held, released', () => wire(RELAY) === released && drivenOn(RELAY));
    drive(FIRE, false);
    await start();
    await until('it is locked', () => wire(RELAY) === !released);
    await end('SIGTERM');
  }, 120_000);
});

describe.skipIf(notReady)('a gate that is told to stop while it starts', () => {
  test('leaves its door as every stop does, and ends well', async () => {
    const { start, end, wire, said } = await house(1, 'fail-secure');
    await start('the lines of the door are open');
    expect(await end('SIGTERM')).toBe(0);
    expect(wire(RELAY)).toBe(false);
    expect(said()).toMatch(/stopped while the gate was starting|the gate is down/);
  }, 60_000);
});

describe.skipIf(notReady)('a gate whose encoder nobody has', () => {
  test('is up, and a fire alarm releases its door', async () => {
    const { start, end, wire, drive, said } = await house(2, 'fail-secure', { encoder: 'mine' });
    drive(FIRE, false);
    await start();
    expect(wire(RELAY)).toBe(false);
    drive(FIRE, true);
    await until('the door is released', () => wire(RELAY) === true);
    drive(FIRE, false);
    await until('the door is locked', () => wire(RELAY) === false);
    expect(said()).toMatch(/no model \\"mine\\".*no face can be recognised: the gate goes on without/);
    expect(await end('SIGTERM')).toBe(0);
  }, 60_000);
});

describe.skipIf(notReady)('a gate that cannot start', () => {
  test('serves the fire alarm until the next try, and ends with the reason when it is told to', async () => {
    const { start, end, wire, drive, folder } = await house(2, 'fail-secure');
    writeFileSync(join(folder, 'state', 'passages.json'), '{"schema":99}');
    drive(FIRE, false);
    await start('the door alone is at work');
    expect(wire(RELAY)).toBe(false);
    drive(FIRE, true);
    await until('the door is released', () => wire(RELAY) === true);
    drive(FIRE, false);
    await until('the door is locked', () => wire(RELAY) === false);
    expect(await end('SIGTERM')).toBe(4);
  }, 60_000);
});
