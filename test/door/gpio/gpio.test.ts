import { describe, expect, test } from 'vitest';
import { gpioContract } from '../../contract/gpio.contract.js';
import { until } from '../../site/until.js';
import { fakeToolsBench, noOnoff, noVirtualChip, simulatedBench, sysfsBench, virtualBench } from './gpio-rigs.js';

gpioContract('simulated', async () => simulatedBench());
if (noOnoff === undefined) gpioContract('onoff in a hand-made sysfs tree', async () => sysfsBench());
else test.skip(`onoff in a hand-made sysfs tree: ${noOnoff}`, () => undefined);
gpioContract('gpiod tools of version 1 (stand-ins)', () => fakeToolsBench(1));
gpioContract('gpiod tools of version 2 (stand-ins)', () => fakeToolsBench(2));

if (noVirtualChip === undefined) {
  gpioContract('onoff on a virtual chip', () => virtualBench('onoff'));
  gpioContract('gpiod on a virtual chip', () => virtualBench('gpiod'));
} else {
  test.skip(`a virtual chip: ${noVirtualChip}`, () => undefined);
}

describe('a line that cannot be had', () => {
  test.skipIf(noOnoff)(`is told with chip, line and what to do: sysfs${noOnoff ? ` (${noOnoff})` : ''}`, async () => {
    const bench = sysfsBench();
    const opened = bench.gpio.output(bench.line(5), false, () => undefined);
    await expect(opened).rejects.toMatchObject({ code: 'KAIMON_GPIO_IO' });
    await expect(opened).rejects.toThrow('line 5 of the GPIO chip "gate-gpio"');
    const pulled = bench.gpio.input(bench.line(1), 'up', { level: () => undefined, fault: () => undefined });
    await expect(pulled).rejects.toMatchObject({ code: 'KAIMON_GPIO_BACKEND' });
    bench.close();
  });

  test.each([1, 2] as const)('is told with who has it: gpiod %i', async (version) => {
    const bench = await fakeToolsBench(version);
    const first = await bench.gpio.output(bench.line(0), false, () => undefined);
    const second = bench.gpio.output(bench.line(0), false, () => undefined);
    await expect(second).rejects.toThrow('line 0 of the GPIO chip "gate-gpio": it is in use by "gpioset"');
    first.close();
    bench.close();
  });

  test('leaves no holder behind when the tools fail after the line was taken', async () => {
    const bench = await fakeToolsBench(2);
    bench.fail('info-fails');
    const opened = bench.gpio.output(bench.line(0), false, () => undefined);
    await expect(opened).rejects.toMatchObject({ code: 'KAIMON_GPIO_IO' });
    await until('nobody holds the line', () => !bench.held());
    bench.close();
  });

  test('is given up at the end within the time of the service, though the tools hang', async () => {
    const bench = await fakeToolsBench(2);
    const line = await bench.gpio.output(bench.line(0), false, () => undefined);
    bench.fail('set-hangs');
    expect(() => line.close()).toThrow('ETIMEDOUT');
    bench.close();
  });
});
