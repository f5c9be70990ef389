/**
 * Lets the process that started this one move the simulated wires, over Node's channel between parent and child: for `kaimon demo
 * --door`. Only the simulated back end, which drives no lock, listens to it; a gate that systemd starts has no such channel.
 */
import { z } from 'zod';
import type { Log } from '../../kit/log.js';

const offset = z.int().min(0).max(63);

/** Sent to the gate. */
export const wireOrderSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('wire'), offset, high: z.boolean() }),
  /** From now on the output refuses every change. */
  z.strictObject({ kind: z.literal('break'), offset }),
]);
export type WireOrder = z.infer<typeof wireOrderSchema>;

/** Sent by the gate. */
export const wireReportSchema = z.discriminatedUnion('kind', [
  /** An output now has this level. */
  z.strictObject({ kind: z.literal('output'), offset, high: z.boolean() }),
  /** An output obeys no more, as ordered: what comes to the gate by other ways is done only now after it. */
  z.strictObject({ kind: z.literal('broken'), offset }),
]);
export type WireReport = z.infer<typeof wireReportSchema>;

/** What a parent can do to the simulated lines. */
export interface SimulatedWires {
  /** Sets the level of the wire at an input. */
  set(offset: number, high: boolean): void;
  /** From now on the output refuses every change. */
  break(offset: number): void;
  /** Sets the one listener that is called with every level written to an output. */
  onOutput(listener: (offset: number, high: boolean) => void): void;
}

/** The child's end of the channel. */
export interface ParentChannel {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  readonly connected: boolean;
  readonly send?: (message: WireReport) => unknown;
  /** Once unreferenced, the channel does not keep the process alive. */
  readonly channel?: { unref(): void } | null | undefined;
}

/** From now on the parent moves the wires and receives the level of every output; without a connected parent nothing happens. */
export function obeyParent(wires: SimulatedWires, parent: ParentChannel, log: Pick<Log, 'warn'>): void {
  if (!parent.send || !parent.connected) return;
  wires.onOutput((line, high) => {
    if (parent.connected) parent.send?.({ kind: 'output', offset: line, high });
  });
  parent.on('message', (message) => {
    const { data: order } = wireOrderSchema.safeParse(message);
    if (!order) log.warn({}, 'the parent process sent something other than an order for a simulated wire');
    else if (order.kind === 'wire') wires.set(order.offset, order.high);
    else {
      wires.break(order.offset);
      if (parent.connected) parent.send?.({ kind: 'broken', offset: order.offset });
    }
  });
  parent.channel?.unref();
}
