import { existsSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { GPIO_BACKEND_NAMES, GPIO_BACKENDS } from '../../../src/config/gpio-backends.js';
import { chooseBackend } from '../../../src/door/gpio/backends.js';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { given } from '../../config/given.js';

const doorOf = (gpio: string, pull = 'as-is') =>
  given(`door: {kind: gpio, gpio: {backend: ${gpio}}, relay: {line: 17}, rex: {line: 22, pull: ${pull}}}`).config.door;
const choose = (gpio: string, pull?: string) =>
  chooseBackend(doorOf(gpio, pull), { clock: new ManualClock(), log: silentLog, runFolder: '/nowhere' });

describe('choosing a GPIO back end', () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env['PATH'] = PATH;
  });

  test('the configured one is taken', async () => {
    expect((await choose('simulated')).name).toBe('simulated');
  });

  test.skipIf(existsSync('/sys/class/gpio'))('auto names what is missing for each that it tried', async () => {
    process.env['PATH'] = '/nowhere';
    await expect(choose('auto')).rejects.toThrow(/onoff: .*gpiod: .*apt-get install gpiod/);
  });

  test('auto tries only back ends that can set the configured pull', async () => {
    process.env['PATH'] = '/nowhere';
    await expect(choose('auto', 'up')).rejects.toThrow(/here \(a pull needs gpiod\): gpiod: [^;]*$/);
  });
});

describe('a configured pull', () => {
  test.each(GPIO_BACKEND_NAMES.map((name) => [name, GPIO_BACKENDS[name].setsPulls] as const))(
    'with the back end %s is accepted: %s, as its row says',
    (name, accepted) => {
      if (accepted) expect(doorOf(name, 'up').rex.pull).toBe('up');
      else expect(() => doorOf(name, 'up')).toThrow(`the ${name} back end cannot set a pull`);
    },
  );
});
