import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isAlive } from '../../../src/door/gpio/gpiod-left-holders.js';
import { gpioContract } from '../../contract/gpio.contract.js';
import { until } from '../../site/until.js';
import { fakeToolsRig, noOnoff, noVirtualChip, simulatedRig, sysfsRig, virtualRig } from './gpio-rigs.js';

const IDLE = { high: false, held: false };

gpioContract('simulated', async () => simulatedRig());
if (noOnoff === undefined) gpioContract('onoff in a hand-made sysfs tree', async () => sysfsRig());
else test.skip(`onoff in a hand-made sysfs tree: ${noOnoff}`, () => undefined);
gpioContract('gpiod tools of version 1 (stand-ins)', () => fakeToolsRig(1));
gpioContract('gpiod tools of version 2 (stand-ins)', () => fakeToolsRig(2));

if (noVirtualChip === undefined) {
  gpioContract('onoff on a virtual chip', () => virtualRig('onoff'));
  gpioContract('gpiod on a virtual chip', () => virtualRig('gpiod'));
} else {
  test.skip(`a virtual chip: ${noVirtualChip}`, () => undefined);
}

test.each([1, 2] as const)('a wire that nothing drives has the level of its pull: gpiod %i', async (version) => {
  const rig = await fakeToolsRig(version);
  for (const [offset, pull] of [
    [2, 'up'],
    [3, 'down'],
  ] as const) {
    const levels: boolean[] = [];
    const listener = { onLevel: (high: boolean) => void levels.push(high), onFault: () => undefined };
    const input = await rig.gpio.input(rig.line(offset), pull, listener);
    await until('it is read', () => levels.length > 0);
    expect(levels[0]).toBe(pull === 'up');
    input.close();
  }
  rig.close();
});

test.each([
  ['in a fire', { high: true, held: true }],
  ['after the fire', IDLE],
])(
  '%s the noted number of a process that is no gpioset of this line is neither believed nor ended',
  async (_when, rest) => {
    const rig = await fakeToolsRig(2);
    const start = (command: string, args: readonly string[]): number => {
      const child = spawn(command, args, { stdio: 'ignore' });
      onTestFinished(() => void child.kill('SIGKILL'));
      return child.pid as number;
    };
    // Somebody else has the line.
    start('gpioset', ['-c', 'gpiochip0', '0=0']);
    await until('it has the line', () => rig.held());
    const run = join(rig.folder, 'state', 'run');
    mkdirSync(run, { recursive: true });
    for (const pid of [start('sleep', ['1000']), start('gpioset', ['-c', 'gpiochip0', '3=1'])]) {
      writeFileSync(join(run, 'held-gpiochip0-0'), `${pid} 1\n`);
      const opened = rig.gpio.output(rig.line(0), rest, () => undefined);
      await expect(opened).rejects.toThrow('it is in use by "gpioset"');
      expect(isAlive(pid)).toBe(true);
    }
    rig.close();
  },
);

describe('when a GPIO line cannot be used', () => {
  test.skipIf(noOnoff)(
    `the message names chip, line and what to do: sysfs${noOnoff ? ` (${noOnoff})` : ''}`,
    async () => {
      const rig = sysfsRig();
      const opened = rig.gpio.output(rig.line(5), IDLE, () => undefined);
      await expect(opened).rejects.toMatchObject({ code: 'KAIMON_GPIO_IO' });
      await expect(opened).rejects.toThrow('line 5 of the GPIO chip "gate-gpio"');
      const pulled = rig.gpio.input(rig.line(1), 'up', { onLevel: () => undefined, onFault: () => undefined });
      await expect(pulled).rejects.toMatchObject({ code: 'KAIMON_GPIO_BACKEND' });
      rig.close();
    },
  );

  test.each([1, 2] as const)('the message names the program that uses the line: gpiod %i', async (version) => {
    const rig = await fakeToolsRig(version);
    const first = await rig.gpio.output(rig.line(0), IDLE, () => undefined);
    const second = rig.gpio.output(rig.line(0), IDLE, () => undefined);
    await expect(second).rejects.toThrow('line 0 of the GPIO chip "gate-gpio": it is in use by "gpioset"');
    first.close();
    rig.close();
  });

  test('no gpioset keeps running if the tools fail after it took the line', async () => {
    const rig = await fakeToolsRig(2);
    rig.fail('info-fails');
    const opened = rig.gpio.output(rig.line(0), IDLE, () => undefined);
    await expect(opened).rejects.toMatchObject({ code: 'KAIMON_GPIO_IO' });
    await until('no process holds the line', () => !rig.held());
    rig.close();
  });

  test('closing it gives up within the stop time of the service if the tools hang', async () => {
    const rig = await fakeToolsRig(2);
    const line = await rig.gpio.output(rig.line(0), IDLE, () => undefined);
    rig.fail('set-hangs');
    expect(() => line.close()).toThrow('ETIMEDOUT');
    rig.close();
  });
});
