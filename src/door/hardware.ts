import { join } from 'node:path';
import type { Config } from '../config/config.js';
import type { Clock } from '../kit/clock.js';
import { closeAll, closeEach } from '../kit/closing.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import type { Backend } from './gpio/backend.js';
import { chooseBackend } from './gpio/backends.js';
import { refuseTwice, resolveLine } from './gpio/chips.js';
import type { GpioLine, OutputLine } from './gpio/gpio.js';
import { GpioIndicators, INDICATOR_NAMES, type IndicatorName } from './gpio/gpio-indicators.js';
import { GpioInputs } from './gpio/gpio-inputs.js';
import { GpioLock, relayHigh, restOf } from './gpio/gpio-lock.js';
import { pullOf } from './gpio/safe-pull.js';
import { type Indicators, noIndicators } from './indicators.js';
import { INPUT_NAMES, type InputName, type Inputs, noInputs } from './inputs.js';
import { LeaveRecord } from './leave-record.js';
import type { Lock } from './lock.js';
import { DOOR_LINE, tellsOfFire } from './safe-state-record.js';
import { SimulatedLock } from './simulated-lock.js';

type DoorConfig = Config['door'];

/** Everything that is wired to the door. */
export interface DoorHardware {
  readonly lock: Lock;
  readonly indicators: Indicators;
  readonly inputs: Inputs;
  /** What drives the lines: the name of the back end, or `simulated`. */
  readonly what: string;
  /** There was fire when the process before this one ended, and the door is released still. Over once the fire alarm's wire says so. */
  readonly fire: boolean;
  /** Why safe-state.sh would not leave the door as it must be left; null: it would. */
  leaveFault(): string | null;
  /** Lamps and buzzer that could not be opened, as sentences for the state. */
  readonly lampFaults: readonly string[];
  /** Sets the one listener for a relay that fails between two commands. */
  onRelayFault(listener: (why: string) => void): void;
  /** Locks (in a fire: leaves released), and closes every line; a line that is closed already is left alone. @throws Error with all failures, once every line was tried */
  close(): void;
}

export interface HardwareParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Where the relay's line is recorded for safe-state.sh. */
  readonly runFolder: string;
  /** For tests: used instead of the machine's own. */
  readonly backend?: Backend;
}

interface Closable {
  close(): void;
}

/** What can have a line, by its key in the configuration. */
type LineName = 'relay' | InputName | IndicatorName;
type Lines = ReadonlyMap<LineName, GpioLine>;

/**
 * Opens the door's lines, each at its safe level; in a fire that of the relay is released. Only the relay must open: an input that does not is lost
 * until it does, and a lamp is left out.
 * @throws OperatingError KAIMON_GPIO_*; no line is left open then
 */
export async function openHardware(config: DoorConfig, parts: HardwareParts): Promise<DoorHardware> {
  const record = join(parts.runFolder, DOOR_LINE);
  if (config.kind === 'simulated') {
    const nothing = new LeaveRecord({ ...parts, file: record, lines: () => [] });
    nothing.note(false);
    const lock = new SimulatedLock(parts.clock);
    return {
      lock,
      indicators: noIndicators,
      inputs: noInputs,
      what: 'simulated',
      fire: false,
      leaveFault: () => nothing.fault,
      lampFaults: [],
      onRelayFault: () => undefined,
      close: () => closeEach([nothing, lock]),
    };
  }
  const backend = parts.backend ?? (await chooseBackend(config, parts));
  const lines = doorLines(config, backend);
  const open: Closable[] = [];
  try {
    return await openLines(config, parts, backend, lines, record, open);
  } catch (thrown) {
    for (const why of closeAll(open.reverse())) parts.log.error({ why }, 'a line could not be closed');
    throw thrown;
  }
}

/** The lines that are configured, as this machine has them. @throws OperatingError KAIMON_GPIO_LINE */
export function doorLines(config: DoorConfig, { chips }: Pick<Backend, 'chips'>): Lines {
  const lines = new Map<LineName, GpioLine>();
  for (const name of ['relay', ...INPUT_NAMES, ...INDICATOR_NAMES] as const) {
    const { line } = config[name];
    if (line !== null) lines.set(name, resolveLine(`door.${name}.line`, line, chips));
  }
  refuseTwice(new Map([...lines].map(([name, line]) => [`door.${name}.line`, line])));
  return lines;
}

/** The given lines that are configured. */
function among<T extends LineName>(names: readonly T[], lines: Lines): ReadonlyMap<T, GpioLine> {
  return new Map(
    names.flatMap((name) => {
      const line = lines.get(name);
      return line ? [[name, line] as const] : [];
    }),
  );
}

/** @param open gets each part as soon as it is open, so that the caller can close it when a later one fails */
async function openLines(
  config: DoorConfig,
  { clock, log }: HardwareParts,
  { gpio, name }: Backend,
  lines: Lines,
  record: string,
  open: Closable[],
): Promise<DoorHardware> {
  let onRelayFault = (why: string): void => log.error({ why }, 'the relay failed before the door was at work');
  const relay = lines.get('relay') as GpioLine;
  const leftAt = (released: boolean) => gpio.record(relay, relayHigh(config, released));
  const kept = <T extends Closable>(part: T): T => {
    open.push(part);
    return part;
  };
  // Without a wire for it, nobody could say that the fire is over.
  const fire = lines.has('fire') && tellsOfFire(record, leftAt(true));
  // Before the relay first moves: a process that is killed right after has recorded what to undo.
  const left = kept(new LeaveRecord({ file: record, lines: leftAt, clock, log }));
  left.note(fire);
  const output = await gpio.output(relay, restOf(config, fire), (why) => onRelayFault(why));
  const lock = kept(new GpioLock(output, config, (released) => left.note(released)));
  // Button and fire alarm before lamps: people who want to get out wait for nothing.
  const inputs = kept(await GpioInputs.open(gpio, among(INPUT_NAMES, lines), config, clock));
  const onIndicatorFault = (lamp: IndicatorName, why: string) => log.warn({ lamp, why }, 'a lamp or the buzzer failed');
  const indicators = new Map<IndicatorName, OutputLine>();
  const lampFaults: string[] = [];
  for (const [key, line] of among(INDICATOR_NAMES, lines)) {
    const off = { high: config[key].activeLow, held: false };
    try {
      indicators.set(key, kept(await gpio.output(line, off, (why) => onIndicatorFault(key, why))));
    } catch (thrown) {
      onIndicatorFault(key, explain(thrown));
      lampFaults.push(`${key} does not work until the gate is started again: ${explain(thrown)}`);
    }
  }
  const pulls = [...among(INPUT_NAMES, lines).keys()].map((key) => [key, pullOf(key, config[key], gpio.setsPulls)]);
  log.info(
    { backend: name, lines: Object.fromEntries(lines), pulls: Object.fromEntries(pulls) },
    'the lines of the door are open',
  );
  return {
    lock,
    indicators: new GpioIndicators(indicators, config, clock, (why) => onIndicatorFault('buzzer', why)),
    inputs,
    what: name,
    fire,
    leaveFault: () => left.fault,
    lampFaults,
    onRelayFault: (listener) => {
      onRelayFault = listener;
    },
    close: () => closeEach(open),
  };
}
