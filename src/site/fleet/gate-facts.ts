// pure
import { z } from 'zod';
import type { TrustedKey } from '../../keys/trust-list.js';
import type { HeardInfo } from '../info/info-reader.js';
import { infoSchema, stateSchema } from '../messages.js';

/** What a gate publishes of itself and what it answered, as far as it could be read; from outside, so anything may be missing. */
export interface GateFacts {
  readonly gate: string;
  readonly state?: z.infer<typeof fleetStateSchema>;
  readonly info?: z.infer<typeof fleetInfoSchema>;
  /** What its info is worth; undefined where nobody has said which keys the site has. */
  readonly worth?: HeardInfo['worth'] | undefined;
  /** How far the gate's clock is ahead of this machine's, and how exactly that is known. */
  readonly clock?: ClockDifference;
  /** The list of keys names it, and it says nothing. */
  readonly silent?: true;
}

export interface ClockDifference {
  readonly aheadMs: number;
  readonly exactMs: number;
}

/**
 * Gates that the list of keys names and of which nothing stands at the broker: whoever may write there can clear what a gate has said. A key without
 * gates of its own stands for the gate of its name, unless another gate signs with it.
 * @param keys those that are not revoked
 */
export function silentGates(heard: readonly GateFacts[], keys: readonly TrustedKey[]): readonly GateFacts[] {
  const there = new Set(heard.map(({ gate }) => gate));
  const signing = new Set(heard.flatMap(({ info, worth }) => (worth === 'counts' && info?.key ? [info.key] : [])));
  const named = keys
    .filter(({ roles }) => roles.includes('gate'))
    .flatMap(({ id, name, gates }) => gates ?? (signing.has(id) ? [] : [name]));
  return [...new Set(named)].filter((gate) => !there.has(gate)).map((gate) => ({ gate, silent: true }));
}

/** A text from outside as it may be shown: whoever writes at the broker must not write on the screen what he likes. */
export const shown = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}');

/** Sentences and words that are shown: no more of them than a screen has. */
const word = z.string().max(200).transform(shown);
const sentences = z.array(z.string().max(1_000).transform(shown)).max(64).optional();

export const fleetStateSchema = stateSchema.extend({
  door: z.object({ mode: word, state: word }).optional(),
  camera: word.optional(),
  problems: sentences,
  warnings: sentences,
});

export const fleetInfoSchema = infoSchema.extend({
  version: word,
  encoder: word.optional(),
  people: z.object({ revision: word, count: z.int().min(0), hash: word }),
  journal: z
    .object({ n: z.int().min(0), hash: word })
    .nullable()
    .optional()
    .catch(undefined),
});
