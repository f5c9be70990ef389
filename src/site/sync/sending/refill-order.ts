// pure
import { createHash } from 'node:crypto';

/** The ids in the order in which a gate fills the broker: each gate begins elsewhere, so that of a hundred one sends a record and not all. @param marker the gate's own topic */
export function refillOrder(ids: readonly string[], marker: string): readonly string[] {
  const first = createHash('sha256').update(marker).digest().readUInt32BE(0) % Math.max(1, ids.length);
  return [...ids.slice(first), ...ids.slice(0, first)];
}
