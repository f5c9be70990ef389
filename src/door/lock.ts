/** Port: the relay as the door sees it. Synchronous: nothing may come between a decision and the relay. */
export interface Lock {
  /** Draws (true) or throws (false) the bolt. @throws when the relay cannot be driven. */
  drive(released: boolean): void;
  /** Leaves the bolt thrown and frees the line. Safe to call twice. */
  close(): void;
}
