import { afterEach, expect, test } from 'vitest';
import { lookAtLines } from '../../src/doctor/look-at-lines.js';
import { given } from '../config/given.js';
import { fakeToolsRig } from '../door/gpio/gpio-rigs.js';

const rigs: { close(): void }[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.close();
});

const doorOf = (rex: number) =>
  given(
    `door: {kind: gpio, gpio: {backend: gpiod}, relay: {line: {chip: gate-gpio, offset: 0}}, rex: {line: {chip: gate-gpio, offset: ${rex}}}}`,
  ).config.door;
const look = async (rex: number, running: boolean) => {
  const { findings } = await lookAtLines(doorOf(rex), { run: '/nowhere' }, running);
  expect(findings).toHaveLength(1);
  return findings[0];
};

test.each([1, 2] as const)('of the lines of gpiod %s it is told which are free and which are held', async (version) => {
  const rig = await fakeToolsRig(version);
  rigs.push(rig);
  expect(await look(3, false)).toEqual({
    what: 'gpio',
    result: 'ok',
    text: `gpiod ${version}: relay 0 free, rex 3 free`,
  });
  const line = await rig.gpio.output(rig.line(0), { high: false, held: false }, () => undefined);
  try {
    expect(await look(3, true)).toMatchObject({
      result: 'ok',
      text: `gpiod ${version}: relay 0 held by gpioset, rex 3 free`,
    });
    expect(await look(3, false)).toMatchObject({ result: 'warning', advice: expect.stringContaining('safe-state') });
  } finally {
    line.close();
  }
});

test('a line that the chip does not have is a problem', async () => {
  rigs.push(await fakeToolsRig(2));
  expect(await look(9, false)).toMatchObject({
    result: 'problem',
    text: expect.stringMatching(/door\.rex\.line.*0 to 7/),
  });
});

test('of a simulated door there is nothing to look at', async () => {
  const { findings } = await lookAtLines(given('').config.door, { run: '/nowhere' }, false);
  expect(findings).toMatchObject([{ result: 'ok', text: expect.stringMatching(/simulated/) }]);
});
