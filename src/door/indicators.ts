import type { Signals } from './door.js';

/** Port: what people at the door see and hear. A lamp that fails is reported, and never stops the door. */
export interface Indicators {
  /** @throws when a line cannot be driven */
  show(signals: Signals): void;
  /** Everything off. Safe to call twice. */
  close(): void;
}

/** A door without lamps. */
export const noIndicators: Indicators = { show: () => undefined, close: () => undefined };
