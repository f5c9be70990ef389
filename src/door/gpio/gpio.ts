/** One line of one chip, as found at the start. */
export interface GpioLine {
  /** The kernel's name, `gpiochip0`: may change from boot to boot, so nobody configures it. */
  readonly chip: string;
  readonly label: string;
  readonly offset: number;
  /** Number under sysfs, where this machine has that. */
  readonly number: number | null;
}

/** Resistor inside the chip. */
export type Pull = 'as-is' | 'up' | 'down' | 'none';

export interface OutputLine {
  /** @throws when the line cannot be driven; what fails later is told to the listener given at the opening. */
  write(high: boolean): void;
  /** Drives the safe level and leaves it there. Safe to call twice. */
  close(): void;
}

export interface InputListening {
  /** Every level that is read, bounces included; the same level may come again. */
  level(high: boolean): void;
  /** Why the line cannot be read; null when it can be again. */
  fault(why: string | null): void;
}

export interface InputLine {
  close(): void;
}

/** Port: the lines of this machine. A busy or forbidden line is an OperatingError at the opening. */
export interface Gpio {
  /** Opens at the safe level, without a moment at the other. @param fault told when the line is lost between two writes */
  output(line: GpioLine, safeHigh: boolean, fault: (why: string) => void): Promise<OutputLine>;
  /** The first level comes soon, then every change. */
  input(line: GpioLine, pull: Pull, listening: InputListening): Promise<InputLine>;
  /** What systemd/safe-state.sh needs to put this line back to its safe level: lines of `key=value`. */
  record(line: GpioLine, safeHigh: boolean): readonly string[];
}
