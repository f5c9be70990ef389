/** One line of one chip, as found at the start. */
export interface GpioLine {
  /** The kernel's name, `gpiochip0`: it may change from boot to boot, so the configuration never names it. */
  readonly chip: string;
  readonly label: string;
  readonly offset: number;
  /** Number under sysfs; null where this machine has no sysfs for GPIO. */
  readonly number: number | null;
}

/** Resistor inside the chip. */
export type Pull = 'as-is' | 'up' | 'down' | 'none';

/** How a line is left when this process is gone. */
export interface Rest {
  readonly high: boolean;
  /** The level must go on without a gap. Otherwise it is set once, and the board's resistor has the line where nothing holds it. */
  readonly held: boolean;
}

export interface OutputLine {
  /** @throws when the line cannot be driven; a failure that comes later goes to the `onFault` given when it was opened */
  write(high: boolean): void;
  /**
   * From now on the line is left as this says, however this process ends: closed, crashed or killed. The level that is driven stays.
   * @throws when only closing it would leave it so, and not a crash
   */
  leaveAt(rest: Rest): void;
  /** Drives the level that {@link leaveAt} named, at first the one that the line was opened at, and leaves it there. Safe to call twice. */
  close(): void;
}

export interface InputLineListener {
  /** Every level that is read, contact bounce included; the same level may come again. */
  onLevel(high: boolean): void;
  /** Why the line cannot be read; null once it can be read again. */
  onFault(why: string | null): void;
}

export interface InputLine {
  /** Frees the line. Safe to call twice. */
  close(): void;
}

/** Port: the lines of this machine. Opening a line that is busy or forbidden throws an OperatingError. */
export interface Gpio {
  /** Whether it can set pulls, as its row in the table of back ends says. */
  readonly setsPulls: boolean;
  /**
   * Opens a line at the level at which it is left, without a moment at the other level; one that the process before this one has left
   * held is taken over.
   * @param onFault called when the line is lost between two writes
   */
  output(line: GpioLine, rest: Rest, onFault: (why: string) => void): Promise<OutputLine>;
  /** Opens a line for reading: the listener soon gets its present level, then every change. */
  input(line: GpioLine, pull: Pull, listener: InputLineListener): Promise<InputLine>;
  /** Lines of `key=value` that systemd/safe-state.sh needs to put this line to this level. */
  record(line: GpioLine, high: boolean): readonly string[];
}
