/**
 * Simulated wires that somebody else moves: the process that started this one, over Node's channel between parent and child. For `kaimon
 * demo --door`. It reaches the simulated back end only, which drives no lock; a gate that systemd starts has no such channel.
 */
import { z } from 'zod';
import type { Log } from '../../kit/log.js';
import type { SimulatedGpio } from './simulated-gpio.js';

const offset = z.int().min(0).max(63);

/** To the gate. */
export const wireOrderSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('wire'), offset, high: z.boolean() }),
  /** From now on the output refuses every change. */
  z.strictObject({ kind: z.literal('break'), offset }),
]);
export type WireOrder = z.infer<typeof wireOrderSchema>;

/** From the gate: an output has this level now. */
export const wireNewsSchema = z.strictObject({ kind: z.literal('output'), offset, high: z.boolean() });
export type WireNews = z.infer<typeof wireNewsSchema>;

/** The child's end of the channel. */
export interface ParentChannel {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  readonly connected: boolean;
  readonly send?: (message: WireNews) => unknown;
  /** So that it does not keep the process alive. */
  readonly channel?: { unref(): void } | null | undefined;
}

/** Obeys the parent from here on; without a parent that listens nothing happens. */
export function obeyParent(gpio: SimulatedGpio, parent: ParentChannel, log: Pick<Log, 'warn'>): void {
  if (!parent.send || !parent.connected) return;
  gpio.onOutput((line, high) => {
    if (parent.connected) parent.send?.({ kind: 'output', offset: line, high });
  });
  parent.on('message', (message) => {
    const { data: order } = wireOrderSchema.safeParse(message);
    if (!order) log.warn({}, 'the parent process sent something that is no order for a simulated wire');
    else if (order.kind === 'wire') gpio.set(order.offset, order.high);
    else gpio.break(order.offset);
  });
  parent.channel?.unref();
}
