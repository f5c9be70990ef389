import { describe, expect, test } from 'vitest';
import type { Gpio, GpioLine } from '../../src/door/gpio/gpio.js';
import { until } from '../site/until.js';

/** A chip with wires that a test can look at and pull. */
export interface GpioBench {
  readonly gpio: Gpio;
  readonly line: (offset: number) => GpioLine;
  /** The level at the wire, not what the back end believes; undefined while nothing drives it. */
  readonly wire: (offset: number) => boolean | undefined;
  readonly pull: (offset: number, high: boolean) => void;
  /** Resolves once changes of an input are seen. */
  readonly heeded: (offset: number) => Promise<void>;
  close(): void;
}

const quiet = () => undefined;

/** Every back end, real or simulated, passes these. Lines 0 to 3 of the bench are for them. */
export function gpioContract(name: string, make: () => Promise<GpioBench>): void {
  describe(`every GPIO back end: ${name}`, () => {
    const withBench = (run: (bench: GpioBench) => Promise<void>) => async () => {
      const bench = await make();
      try {
        await run(bench);
      } finally {
        bench.close();
      }
    };

    for (const safeHigh of [false, true])
      test(
        `an output whose safe level is ${safeHigh ? 'high' : 'low'} opens at it, follows every command, and is left at it`,
        withBench(async ({ gpio, line, wire }) => {
          const faults: string[] = [];
          const output = await gpio.output(line(0), safeHigh, (why) => faults.push(why));
          await until('it is safe', () => wire(0) === safeHigh);
          for (const high of [!safeHigh, safeHigh, !safeHigh]) {
            output.write(high);
            await until(`it is ${high}`, () => wire(0) === high);
          }
          output.close();
          expect(wire(0)).toBe(safeHigh);
          output.close();
          expect(() => output.write(!safeHigh)).toThrow();
          expect([wire(0), faults]).toEqual([safeHigh, []]);
        }),
      );

    test(
      'commands in a row end at the last one',
      withBench(async ({ gpio, line, wire }) => {
        const output = await gpio.output(line(0), false, quiet);
        for (const high of [true, false, true, false, true]) output.write(high);
        await until('it is high', () => wire(0) === true);
        for (const high of [false, true, false]) output.write(high);
        await until('it is low', () => wire(0) === false);
        output.close();
      }),
    );

    test(
      'an input reports the level that it finds, then every change',
      withBench(async ({ gpio, line, pull, heeded }) => {
        pull(1, true);
        const heard: boolean[] = [];
        const input = await gpio.input(line(1), 'as-is', { level: (high) => heard.push(high), fault: quiet });
        await until('the first level is told', () => heard.at(-1) === true);
        await heeded(1);
        for (const high of [false, true, false]) {
          pull(1, high);
          await until(`${high} is told`, () => heard.at(-1) === high);
        }
        input.close();
        const before = heard.length;
        pull(1, true);
        expect(heard.length).toBe(before);
      }),
    );

    test(
      'several lines work side by side',
      withBench(async ({ gpio, line, wire, pull, heeded }) => {
        const lamp = await gpio.output(line(2), false, quiet);
        const relay = await gpio.output(line(0), false, quiet);
        let pressed = false;
        pull(3, false);
        const button = await gpio.input(line(3), 'as-is', {
          level: (high) => {
            pressed = high;
          },
          fault: quiet,
        });
        await heeded(3);
        relay.write(true);
        pull(3, true);
        await until('the button is heard', () => pressed);
        await until('only the relay is on', () => wire(0) === true && wire(2) === false);
        for (const part of [button, relay, lamp]) part.close();
        expect([wire(0), wire(2)]).toEqual([false, false]);
      }),
    );

    test(
      'the record for safe-state.sh names the line and its safe level, and nothing else',
      withBench(async ({ gpio, line }) => {
        for (const text of gpio.record(line(0), true)) expect(text).toMatch(/^(path|value|chip|line|level)=[\w/.-]+$/);
      }),
    );
  });
}
