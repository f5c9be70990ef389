// pure
import { gateText } from '../../keys/signed-text.js';
import type { SigningKey } from '../../keys/signing-key.js';
import { iso, type WallMs } from '../../kit/clock.js';
import type { Names } from '../topics.js';

/** What a gate says of itself, with the three fields that prove that it is this gate, and when. @param key undefined: it stays as it is */
export function signedInfo(
  key: SigningKey | undefined,
  { site, gate }: Names,
  info: Readonly<Record<string, unknown>>,
  now: WallMs,
): Readonly<Record<string, unknown>> {
  if (!key) return info;
  const named = { ...info, at: iso(now), key: key.id };
  return { ...named, signature: key.sign(gateText(site, gate, 'info', named)) };
}
