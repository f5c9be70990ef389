/** Port: the relay as the door sees it. Synchronous: nothing may come between a decision and the relay. */
export interface Lock {
  /** Releases (true) or locks (false) the bolt. @throws when the relay cannot be driven. */
  drive(released: boolean): void;
  /**
   * Says what the bolt is left at however this process ends: closed, crashed or killed. At first: what it was opened at.
   * @throws when that cannot be recorded; it is done in a clean end all the same
   */
  leaveAt(released: boolean): void;
  /** Leaves the bolt as {@link leaveAt} says and frees the line. Safe to call twice. */
  close(): void;
}
