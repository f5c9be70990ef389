// pure
import type { Clock } from '../kit/clock.js';
import { OperatingError } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import { NO_ENCODER } from '../person/person.js';
import { isFuture } from '../person/version.js';
import type { PeopleDocument } from './people-document.js';

/** How many people have no template of `encoder` and therefore are not recognised. */
export function withoutTemplate(document: PeopleDocument, encoder: string): number {
  let count = 0;
  for (const person of document.people.values()) {
    if (!person.templates.some((template) => template.encoder === encoder)) count++;
  }
  return count;
}

/** The encoder that a store says of itself: that in use, or where that is not known the one that it said before. */
export const encoderToKeep = (inUse: string, before: string): string => (inUse === NO_ENCODER ? before : inUse);

/**
 * Refuses a store that has no template of the encoder in use. Templates of different encoders are never compared, so the
 * gate would recognise none of its people.
 * @throws OperatingError KAIMON_PEOPLE_ENCODER naming both encoders and the way out
 */
export function checkEncoder(document: PeopleDocument, encoder: string, file: string): void {
  // Nobody is recognised anyhow, and people are changed and removed without any encoder.
  if (encoder === NO_ENCODER) return;
  if (document.people.size === 0 || withoutTemplate(document, encoder) < document.people.size) return;
  const found = new Set<string>();
  for (const person of document.people.values()) for (const template of person.templates) found.add(template.encoder);
  // People without any template, in a store of this encoder: nothing is incompatible, there is just no face of them.
  if (found.size === 0 && [encoder, NO_ENCODER].includes(document.encoder)) return;
  const others = found.size === 0 ? document.encoder : [...found].sort().join(', ');
  throw new OperatingError(
    'KAIMON_PEOPLE_ENCODER',
    `the templates in ${file} were made by ${others}, but the encoder in use is ${encoder}, and the two cannot be compared: ` +
      "set the config's encoder back, run `kaimon people reencode DIR` with photos that you kept, or enrol the people again",
  );
}

/** Logs how many people there are, and warns of what is unusual about the store without being an error. */
export function reportPeople(document: PeopleDocument, { encoder, file, latest, clock, log }: ReportOptions): void {
  log.info({ file, people: document.people.size, removed: document.removed.size }, 'people store open');
  const unknown = withoutTemplate(document, encoder);
  if (unknown > 0 && encoder !== NO_ENCODER)
    log.warn({ people: unknown, encoder }, 'some people have no template of this encoder');
  if (latest !== null && isFuture(latest, clock.wall())) {
    log.warn({ latest }, 'the newest change in the people store is ahead of the clock: check the clock');
  }
}

interface ReportOptions {
  readonly encoder: string;
  readonly file: string;
  /** The greatest version in the store; null in a new one. */
  readonly latest: string | null;
  readonly clock: Clock;
  readonly log: Log;
}
