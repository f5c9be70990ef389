import { describe, expect, test } from 'vitest';
import { GPIO_BACKENDS, type GpioBackendName } from '../../src/config/gpio-backends.js';
import type { Gpio, GpioLine, Rest } from '../../src/door/gpio/gpio.js';
import { until } from '../site/until.js';

/** A back end on a chip whose wires a test can read and drive. */
export interface GpioRig {
  /** Its row in the table of back ends. */
  readonly row: GpioBackendName;
  readonly gpio: Gpio;
  readonly line: (offset: number) => GpioLine;
  /** The level at the wire itself, not what the back end believes; undefined while nothing drives it. */
  readonly wire: (offset: number) => boolean | undefined;
  readonly drive: (offset: number, high: boolean) => void;
  /** Whether the line keeps its level should this process die now: something else drives it. */
  readonly drivenOn: (offset: number) => boolean;
  /** Resolves once the back end notices changes of an input. */
  readonly listening: (offset: number) => Promise<void>;
  close(): void;
}

const quiet = () => undefined;
/** How an output is left: at this level, and the board's resistor may have it. */
const idle = (high: boolean): Rest => ({ high, held: false });

/** Tests that every back end passes, real or simulated. They use lines 0 to 3 of the rig. */
export function gpioContract(name: string, make: () => Promise<GpioRig>): void {
  describe(`every GPIO back end: ${name}`, () => {
    const withRig = (run: (rig: GpioRig) => Promise<void>) => async () => {
      const rig = await make();
      try {
        await run(rig);
      } finally {
        rig.close();
      }
    };

    for (const safeHigh of [false, true])
      test(
        `an output whose safe level is ${safeHigh ? 'high' : 'low'} opens at it, follows every command, and is left at it`,
        withRig(async ({ gpio, line, wire }) => {
          const faults: string[] = [];
          const output = await gpio.output(line(0), idle(safeHigh), (why) => faults.push(why));
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
          const next = await gpio.output(line(0), idle(safeHigh), (why) => faults.push(why));
          next.write(!safeHigh);
          await until('the next owner moves it', () => wire(0) === !safeHigh);
          output.close();
          expect([wire(0), faults]).toEqual([!safeHigh, []]);
          next.close();
        }),
      );

    for (const high of [true, false])
      test(
        `an output that must be left held at ${high ? 'high' : 'low'} is, and the next owner takes it over at that level`,
        withRig(async ({ gpio, line, wire, drivenOn }) => {
          const faults: string[] = [];
          const output = await gpio.output(line(0), idle(!high), (why) => faults.push(why));
          await until('it is idle', () => wire(0) === !high);
          output.write(high);
          output.leaveAt({ high, held: true });
          await until('it is driven on', () => wire(0) === high && drivenOn(0));
          output.write(high);
          output.close();
          expect([wire(0), drivenOn(0), faults]).toEqual([high, true, []]);
          // Until the fire is over.
          const next = await gpio.output(line(0), { high, held: true }, (why) => faults.push(why));
          expect([wire(0), drivenOn(0)]).toEqual([high, true]);
          next.write(!high);
          next.leaveAt(idle(!high));
          await until('it is idle again', () => wire(0) === !high);
          next.write(high);
          await until('it is moved', () => wire(0) === high);
          next.close();
          expect([wire(0), faults]).toEqual([!high, []]);
        }),
      );

    test(
      'an output that was left held can be opened at its idle level, and be told so in the middle of it',
      withRig(async ({ gpio, line, wire, drivenOn }) => {
        const output = await gpio.output(line(0), idle(false), quiet);
        output.leaveAt({ high: true, held: true });
        output.close();
        await until('it is driven on', () => wire(0) === true && drivenOn(0));
        const next = await gpio.output(line(0), idle(false), quiet);
        await until('it is idle', () => wire(0) === false);
        next.close();
      }),
    );

    test(
      'commands in a row end at the last one',
      withRig(async ({ gpio, line, wire }) => {
        const output = await gpio.output(line(0), idle(false), quiet);
        for (const high of [true, false, true, false, true]) output.write(high);
        await until('it is high', () => wire(0) === true);
        for (const high of [false, true, false]) output.write(high);
        await until('it is low', () => wire(0) === false);
        output.close();
      }),
    );

    test(
      'an input reports its current level, then every change',
      withRig(async ({ gpio, line, drive, listening }) => {
        drive(1, true);
        const levels: boolean[] = [];
        const input = await gpio.input(line(1), 'as-is', { onLevel: (high) => levels.push(high), onFault: quiet });
        await until('the first level is reported', () => levels.at(-1) === true);
        await listening(1);
        for (const high of [false, true, false]) {
          drive(1, high);
          await until(`${high} is reported`, () => levels.at(-1) === high);
        }
        input.close();
        input.close();
        const before = levels.length;
        drive(1, true);
        expect(levels.length).toBe(before);
      }),
    );

    test(
      'a pull is set where the table of back ends says so, and refused elsewhere',
      withRig(async ({ row, gpio, line }) => {
        const opened = gpio.input(line(1), 'up', { onLevel: quiet, onFault: quiet });
        if (GPIO_BACKENDS[row].setsPulls) (await opened).close();
        else await expect(opened).rejects.toMatchObject({ code: 'KAIMON_GPIO_BACKEND' });
      }),
    );

    test(
      'several lines work side by side',
      withRig(async ({ gpio, line, wire, drive, listening }) => {
        const lamp = await gpio.output(line(2), idle(false), quiet);
        const relay = await gpio.output(line(0), idle(false), quiet);
        let pressed = false;
        drive(3, false);
        const button = await gpio.input(line(3), 'as-is', {
          onLevel: (high) => {
            pressed = high;
          },
          onFault: quiet,
        });
        await listening(3);
        relay.write(true);
        drive(3, true);
        await until('the button is reported', () => pressed);
        await until('only the relay is on', () => wire(0) === true && wire(2) === false);
        for (const part of [button, relay, lamp]) part.close();
        expect([wire(0), wire(2)]).toEqual([false, false]);
      }),
    );

    test(
      'the record for safe-state.sh names the line and its safe level, and nothing else',
      withRig(async ({ gpio, line }) => {
        for (const text of gpio.record(line(0), true)) expect(text).toMatch(/^(path|value|chip|line|level)=[\w/.-]+$/);
      }),
    );
  });
}
