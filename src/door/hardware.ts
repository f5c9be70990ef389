import { join } from 'node:path';
import type { Config } from '../config/config.js';
import type { Clock } from '../kit/clock.js';
import { closeAll, closeEach } from '../kit/closing.js';
import type { Log } from '../kit/log.js';
import { type Backend, chooseBackend } from './gpio/backends.js';
import { refuseTwice, resolveLine } from './gpio/chips.js';
import type { GpioLine, OutputLine } from './gpio/gpio.js';
import { GpioIndicators, GpioInputs, GpioLock, LAMP_NAMES, type LampName, relayHigh } from './gpio/gpio-inputs.js';
import { type Indicators, noIndicators } from './indicators.js';
import { INPUT_NAMES, type InputName, type Inputs, noInputs } from './inputs.js';
import type { Lock } from './lock.js';
import { DOOR_LINE, recordDoorLine } from './safe-state-record.js';
import { SimulatedLock } from './simulated-lock.js';

type DoorConfig = Config['door'];

/** Everything that hangs on the door's wires. */
export interface DoorHardware {
  readonly lock: Lock;
  readonly indicators: Indicators;
  readonly inputs: Inputs;
  /** What drives the lines, in a few words. */
  readonly what: string;
  /** Who is told when the relay fails between two commands. */
  onRelayFault(listener: (why: string) => void): void;
  /** Throws the bolt and lets go of every line, for a daemon that did not come to start. @throws Error when every one was tried */
  close(): void;
}

export interface HardwareParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Where the line is recorded for safe-state.sh. */
  readonly runFolder: string;
  /** In place of the machine's own, for tests. */
  readonly backend?: Backend;
}

/** Opens the door's lines, each at its safe level. @throws OperatingError; nothing is left open then */
export async function openHardware(config: DoorConfig, parts: HardwareParts): Promise<DoorHardware> {
  const file = join(parts.runFolder, DOOR_LINE);
  if (config.kind === 'simulated') {
    recordDoorLine(file, []);
    const lock = new SimulatedLock(parts.clock);
    const onRelayFault = () => undefined;
    const close = () => lock.close();
    return { lock, indicators: noIndicators, inputs: noInputs, what: 'simulated', onRelayFault, close };
  }
  const backend = parts.backend ?? (await chooseBackend(config, parts.clock, parts.log));
  const lines = resolveAll(config, backend);
  const open: { close(): void }[] = [];
  try {
    return await openLines(config, parts, backend, lines, file, open);
  } catch (thrown) {
    for (const why of closeAll(open.reverse())) parts.log.error({ why }, 'a line could not be closed');
    throw thrown;
  }
}

type LineName = 'relay' | InputName | LampName;

function resolveAll(config: DoorConfig, { chips }: Backend): ReadonlyMap<LineName, GpioLine> {
  const lines = new Map<LineName, GpioLine>();
  for (const name of ['relay', ...INPUT_NAMES, ...LAMP_NAMES] as const) {
    const { line } = config[name];
    if (line !== null) lines.set(name, resolveLine(`door.${name}.line`, line, chips));
  }
  refuseTwice(new Map([...lines].map(([name, line]) => [`door.${name}.line`, line])));
  return lines;
}

async function openLines(
  config: DoorConfig,
  { clock, log }: HardwareParts,
  { gpio, name }: Backend,
  lines: ReadonlyMap<LineName, GpioLine>,
  file: string,
  open: { close(): void }[],
): Promise<DoorHardware> {
  let relayFault: (why: string) => void = (why) => log.error({ why }, 'the relay failed before the door was at work');
  const relay = lines.get('relay') as GpioLine;
  const safe = relayHigh(config, false);
  // Before the first move: whoever is killed in between has left word.
  recordDoorLine(file, gpio.record(relay, safe));
  const kept = <T extends { close(): void }>(part: T): T => {
    open.push(part);
    return part;
  };
  const lock = kept(new GpioLock(await gpio.output(relay, safe, (why) => relayFault(why)), config));
  const lamps = new Map<LampName, OutputLine>();
  for (const lamp of LAMP_NAMES) {
    const line = lines.get(lamp);
    const fault = (why: string) => log.warn({ lamp, why }, 'a lamp or the buzzer failed');
    if (line) lamps.set(lamp, kept(await gpio.output(line, config[lamp].activeLow, fault)));
  }
  const wires = new Map(
    INPUT_NAMES.flatMap((wire) => {
      const line = lines.get(wire);
      return line ? [[wire, line] as const] : [];
    }),
  );
  const inputs = kept(await GpioInputs.open(gpio, wires, config, clock));
  log.info({ backend: name, lines: Object.fromEntries(lines) }, 'the lines of the door are open');
  return {
    lock,
    indicators: new GpioIndicators(lamps, config, clock, (why) =>
      log.warn({ lamp: 'buzzer', why }, 'a lamp or the buzzer failed'),
    ),
    inputs,
    what: name,
    onRelayFault: (listener) => {
      relayFault = listener;
    },
    close: () => closeEach(open),
  };
}
