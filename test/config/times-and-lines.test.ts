import { describe, expect, test } from 'vitest';
import { timeMeant } from '../../src/config/sections/access-times.js';
import { given, mistakes } from './given.js';

const wrong = (text: string) => mistakes(() => given(text));

describe('a time that is written in another way', () => {
  test.each<[unknown, string | undefined]>([
    ['7:00', '07:00'],
    ['7.30', '07:30'],
    ['7h15', '07:15'],
    [' 18:30 ', '18:30'],
    [7, '07:00'],
    [730, '07:30'],
    ['7 pm', '19:00'],
    ['12:30 AM', '00:30'],
    ['24:00', '24:00'],
    [7.3, undefined],
    ['25:00', undefined],
    ['13 pm', undefined],
    ['soon', undefined],
    [null, undefined],
  ])('%s is taken for %s', (written, meant) => {
    expect(timeMeant(written)).toBe(meant);
  });

  const hours = (from: string, to: string) =>
    `access: {timeZone: Europe/Berlin, schedules: {office: {windows: [{days: mon-fri, from: ${from}, to: ${to}}]}}}`;

  test('is refused with the time as it must be written', () => {
    expect(wrong(hours('7:00', '18:30')).join()).toContain('found "7:00", allowed: a time 00:00–23:59: write 07:00');
    expect(wrong(hours('07:00', '"6 pm"')).join()).toContain(': write 18:00');
    expect(wrong('access: {timeZone: Europe/Berlin, passback: {resetAt: ["4:00"]}}').join()).toContain(': write 04:00');
    expect(wrong(hours('24:00', '18:30')).join()).not.toContain('write');
  });
});

describe('one GPIO line for two wires', () => {
  test.each([
    ['a BCM number', 'relay: {line: 17}, rex: {line: 17}', 'door.rex.line'],
    ['chip and offset', 'relay: {line: {chip: a, offset: 3}}, fire: {line: {chip: a, offset: 3}}', 'door.fire.line'],
  ])('is refused and both are named: %s', (_what, wires, key) => {
    const [mistake = '', ...others] = wrong(`door: {kind: gpio, ${wires}}`);
    expect(mistake).toContain(key);
    expect(mistake).toContain('this line is door.relay.line already');
    expect(others).toEqual([]);
  });

  test.each([
    [
      'the same offset of two chips',
      'kind: gpio, relay: {line: {chip: a, offset: 3}}, rex: {line: {chip: b, offset: 3}}',
    ],
    ['a door without lines', 'relay: {line: 17}, rex: {line: 17}'],
  ])('%s is in order', (_what, door) => {
    expect(() => given(`door: {${door}}`)).not.toThrow();
  });
});
