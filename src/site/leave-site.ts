import type { Clock } from '../kit/clock.js';
import { endsWithin } from '../kit/within.js';
import type { Link } from './link/link.js';
import type { Outbox } from './outbox.js';
import { type Names, topicsOf } from './topics.js';

/** How long the last events and the goodbye may take. */
const GOODBYE_MS = 1_000;
/** Of that, for the events: what waits since an outage may be more than there is time for, and goes on after the next start. */
const EVENTS_MS = 600;

/** The retained message that the broker sends when this gate's connection breaks; for the link's will. */
export const offlineWill = (names: Names) => ({ topic: topicsOf(names).state, payload: '{"status":"offline"}' });

export interface LeavingParts {
  readonly link: Link;
  readonly outbox: Outbox;
  readonly names: Names;
  readonly clock: Clock;
}

/** Delivers the last events and says goodbye, for at most a second, and ends the link. Never rejects for a broker that does not answer. */
export async function leaveSite({ link, outbox, names, clock }: LeavingParts): Promise<void> {
  if (link.up) {
    const { topic, payload } = offlineWill(names);
    await new Promise<void>((resolve) => {
      const timer = clock.after(GOODBYE_MS, resolve);
      const done = () => {
        timer.cancel();
        resolve();
      };
      const goodbye = endsWithin(clock, EVENTS_MS, outbox.empty()).then(() =>
        link.publish(topic, payload, { retain: true, qos: 1 }),
      );
      goodbye.then(done, done);
    });
  }
  outbox.stop();
  await link.end();
}
