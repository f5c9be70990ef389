// pure
/** What the configuration must know of a GPIO back end, a way to drive GPIO lines. */
interface GpioBackendRow {
  /** What it drives real lines through; null where it drives none. */
  readonly through: string | null;
  /** Whether it can set the resistor inside the chip that holds an open input. */
  readonly setsPulls: boolean;
  /** Whether `door.gpio.backend: auto` tries it. */
  readonly auto: boolean;
}

/**
 * The GPIO back ends, in the order in which `auto` tries them. The rules of the door's section and the choice at the start both read this
 * table; how each back end is opened stands in src/door/gpio/backends.ts, where a row without its probe does not compile.
 */
export const GPIO_BACKENDS = {
  onoff: { through: 'sysfs', setsPulls: false, auto: true },
  gpiod: { through: 'the gpiod tools', setsPulls: true, auto: true },
  // A pull has nothing to hold there, so every pull is accepted.
  simulated: { through: null, setsPulls: true, auto: false },
} as const satisfies Readonly<Record<string, GpioBackendRow>>;

export type GpioBackendName = keyof typeof GPIO_BACKENDS;

const ROWS = Object.entries(GPIO_BACKENDS) as readonly (readonly [GpioBackendName, GpioBackendRow])[];

/** In the order of the table. */
export const GPIO_BACKEND_NAMES: readonly GpioBackendName[] = ROWS.map(([name]) => name);

/** For a sentence: `onoff through sysfs, gpiod through the gpiod tools`. */
export const THROUGH_WHAT = ROWS.flatMap(([name, { through }]) =>
  through === null ? [] : [`${name} through ${through}`],
).join(', ');

/** For a sentence: the back ends that set pulls on real lines, `gpiod`. */
export const PULL_SETTERS = ROWS.flatMap(([name, { through, setsPulls }]) =>
  through !== null && setsPulls ? [name] : [],
).join(' or ');

/** What `auto` tries, in order: with pulls configured only the back ends that can set them. */
export const autoOrder = (needsPulls: boolean): readonly GpioBackendName[] =>
  ROWS.flatMap(([name, { auto, setsPulls }]) => (auto && (setsPulls || !needsPulls) ? [name] : []));
