/** Port: the relay as the door sees it. Synchronous: nothing may come between a decision and the relay. */
export interface Lock {
  /** Releases (true) or locks (false) the bolt. @throws when the relay cannot be driven. */
  drive(released: boolean): void;
  /** Leaves the bolt locked and frees the line. Safe to call twice. */
  close(): void;
}
