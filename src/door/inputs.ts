/** The wires that a door listens to. Active means: open, pressed, opened by force, fire. */
export const INPUT_NAMES = ['contact', 'rex', 'tamper', 'fire'] as const;
export type InputName = (typeof INPUT_NAMES)[number];

/** Receives what the inputs report. */
export interface InputListener {
  /** A level that has outlasted bouncing: the first one soon after the start and after a fault, then every change. */
  changed(name: InputName, active: boolean): void;
  /** The wire cannot be read any more, or (null) can be read again. */
  fault(name: InputName, why: string | null): void;
}

/** Port: the wires, debounced. */
export interface Inputs {
  /** To be called once. */
  start(listener: InputListener): void;
  /** Frees every line. Safe to call twice. */
  close(): void;
}

/** A door without wires. */
export const noInputs: Inputs = { start: () => undefined, close: () => undefined };
