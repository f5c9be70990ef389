import { systemClock } from '../../kit/system-clock.js';
import { parseJson } from '../../site/bounded-json.js';
import type { Link } from '../../site/link/link.js';
import { PAYLOAD_MAX, stateSchema } from '../../site/messages.js';
import { type Names, topicsOf } from '../../site/topics.js';

/** Retained messages come with the answer to a subscription; an empty topic says nothing. */
const LOOK_MS = 1_000;

/** Whether a gate of this name says at the broker that it is there. @param link connected */
export async function isOnline(link: Link, names: Names): Promise<boolean> {
  const { state } = topicsOf(names);
  return new Promise<boolean>((resolve) => {
    const timer = systemClock.after(LOOK_MS, () => resolve(false));
    link.onMessage(({ topic, payload }) => {
      if (topic !== state || payload.byteLength > PAYLOAD_MAX) return;
      const json = parseJson(payload);
      const said = json.ok ? stateSchema.safeParse(json.value).data : undefined;
      timer.cancel();
      resolve(said !== undefined && said.status !== 'offline');
    });
    // A refusal says nothing about the gate.
    link.subscribe([state]).catch(() => {
      timer.cancel();
      resolve(false);
    });
  });
}
