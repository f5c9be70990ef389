/** One event as it is sent; what else it holds stands beside the head. */
export interface Event {
  readonly v: 1;
  readonly id: string;
  readonly n: number;
  readonly time: string;
  readonly type: string;
  /** Events before this one that were thrown away undelivered. */
  readonly lost?: number;
}

/** An event whose turn it is. */
export interface EventToSend {
  readonly event: Event;
  /** It goes before all that are none. */
  readonly alarm: boolean;
  /** To be called before it is sent. */
  begin?(): void;
  /** To be called once the broker has it. */
  done(): void;
}
