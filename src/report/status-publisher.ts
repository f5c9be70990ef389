import { type GateState, statusLine, withSite } from './status.js';

/** @param state for the site @param line one line for `systemctl status` */
export type PublishStatus = (state: GateState, line: string) => void;

/** What the state is told from. */
export interface StatusSources {
  /** The gate's state as its site hears of it. */
  readonly state: () => GateState;
  /** What is wrong between the gate and its site: only who stands before this machine can hear of that. */
  readonly siteProblems: () => readonly string[];
  readonly people: { readonly size: number };
}

/** Publishes the gate's state whenever it has changed. */
export class StatusPublisher {
  readonly #sources: StatusSources;
  readonly #publish: PublishStatus;
  #last = '';

  constructor(sources: StatusSources, publish: PublishStatus) {
    this.#sources = sources;
    this.#publish = publish;
  }

  /** The state as this machine sees it. */
  get state(): GateState {
    return withSite(this.#sources.state(), this.#sources.siteProblems());
  }

  /** One line for `systemctl status`. */
  get line(): string {
    return statusLine(this.state, this.#sources.people.size);
  }

  /** Publishes the state if it has changed since the last call; may be called at any rate. */
  refresh(): void {
    const { state, siteProblems, people } = this.#sources;
    const told = state();
    const here = withSite(told, siteProblems());
    const now = JSON.stringify([here, people.size]);
    if (now === this.#last) return;
    this.#last = now;
    this.#publish(told, statusLine(here, people.size));
  }
}
