import type { Clock } from '../../kit/clock.js';
import { type Passage, passageSchema } from '../../passback/passback.js';
import { FUTURE_MAX_MS, isFuture, type MergeOutcome, versionMs } from '../../person/version.js';
import { parseJson } from '../bounded-json.js';
import { whatIsWrong } from '../messages.js';
import type { Topics } from '../topics.js';
import type { ReceivedRecord, SharedRecords } from './shared-records.js';

/** Bytes of a record under `S/passages/`; it has about 120. */
export const PASSAGE_MAX = 512;

/** Reads a record of `S/passages/<id>`. @param own this gate's version for that person */
export function readPassage(payload: Uint8Array, own: string | undefined): ReceivedRecord<Passage> {
  if (payload.byteLength === 0) return { kind: 'empty' };
  if (payload.byteLength > PASSAGE_MAX)
    return { kind: 'invalid', why: `the record has ${payload.byteLength} bytes; at most ${PASSAGE_MAX} are allowed` };
  const json = parseJson(payload);
  if (!json.ok) return { kind: 'invalid', why: json.why };
  const { data, error } = passageSchema.safeParse(json.value);
  if (error) return { kind: 'invalid', why: whatIsWrong(error) };
  // A passage dated ahead would outlive every reset.
  if (Date.parse(data.since) > versionMs(data.version) + FUTURE_MAX_MS)
    return { kind: 'invalid', why: 'since is later than the version' };
  const stamp = data.version;
  if (own !== undefined && stamp === own) return { kind: 'same', stamp };
  if (own !== undefined && stamp < own) return { kind: 'older', stamp };
  return { kind: 'newer', record: data, stamp };
}

/** Port: what the sync needs of the gate's whereabouts. */
export interface PassageSource {
  ids(): Iterable<string>;
  passage(id: string): Passage | undefined;
  isGone(id: string): boolean;
  merge(id: string, passage: Passage): MergeOutcome;
  onLocal(listener: (id: string) => void): () => void;
}

/** The passages as records that the site shares. Their version stands for them. */
export const passageRecords = (source: PassageSource, topics: Topics, clock: Clock): SharedRecords<Passage> => ({
  name: 'passages',
  filter: topics.passages,
  topic: topics.passage,
  ids: () => source.ids(),
  stamp: (id) => source.passage(id)?.version,
  // Otherwise a record from a clock that was once ahead would hold until its date.
  beats: (own, found) => own > found || isFuture(found, clock.wall()),
  isGone: (id) => source.isGone(id),
  holdsBack: () => false,
  read: (id, payload) => readPassage(payload, source.passage(id)?.version),
  text: (id) => {
    const passage = source.passage(id);
    return passage && JSON.stringify(passage);
  },
  merge: async (id, passage) => source.merge(id, passage),
  onLocal: (listener) => source.onLocal(listener),
});
