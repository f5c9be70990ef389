import { expect, test } from 'vitest';
import { memoryOf, throttlingOf, wearOf, zoneOf } from '../../../src/host/machine/readings.js';

test.each([
  ['MemTotal: 100 kB\nMemAvailable: 40 kB', { totalBytes: 102_400, availableBytes: 40_960 }],
  ['MemTotal: 100 kB', undefined],
  ['', undefined],
  [undefined, undefined],
])('memory of %j', (text, memory) => expect(memoryOf(text)).toEqual(memory));

test.each([
  ['0', [], []],
  ['50005', ['under-voltage', 'throttled'], ['under-voltage', 'throttled']],
  ['80008', ['soft-temperature-limit'], ['soft-temperature-limit']],
  ['0xe0000', [], ['frequency-capped', 'throttled', 'soft-temperature-limit']],
])('get_throttled %s', (text, now, sinceStart) => expect(throttlingOf(text)).toEqual({ now, sinceStart }));

test.each(['', 'error', '123456789', undefined])('get_throttled %j says nothing', (text) =>
  expect(throttlingOf(text)).toBeUndefined(),
);

test.each([
  ['0x01 0x01', '0x01', { usedPercent: 10, spares: 'normal' }],
  ['0x01 0x0b', '0x02', { usedPercent: 110, spares: 'most-used' }],
  ['0x02 0x00', '0x03', { usedPercent: 20, spares: 'nearly-all-used' }],
  ['0x00 0x00', '0x01', { usedPercent: undefined, spares: 'normal' }],
  ['0x00 0x00', '0x00', undefined],
  ['rubbish', undefined, undefined],
])('life_time %j with pre_eol_info %j', (life, spares, wear) => expect(wearOf(life, spares)).toEqual(wear));

const zone = (temp: string | undefined, ...trips: readonly (readonly [string, string])[]) =>
  zoneOf({ name: 'thermal_zone0', type: undefined, temp, trips: trips.map(([type, at]) => ({ type, temp: at })) });

test('a zone without a type has the name of its folder, and the lowest of the points at which it slows down', () => {
  expect(zone('42000', ['hot', '90000'], ['passive', '70000'], ['passive', '0'], ['critical', '105000'])).toEqual({
    name: 'thermal_zone0',
    celsius: 42,
    slowsAt: 70,
    endsAt: 105,
  });
});

test.each([undefined, '', 'error', '-274000', '300000'])('a zone with the temperature %j is left out', (temp) =>
  expect(zone(temp)).toBeUndefined(),
);
