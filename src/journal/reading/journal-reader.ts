import { setImmediate as breathe } from 'node:timers/promises';
import { type Lines, PLAIN_LINES } from '../../kit/sealing/vault.js';
import type { JournalDisk } from '../disk.js';
import { decodeLine, type Fields, GENESIS, hashLine, LINE_MAX } from '../entry.js';
import type { Position } from '../head.js';
import { readLine } from '../personal.js';
import { firstOf, personalName, segmentName } from '../segment.js';
import { findLine, numberAt } from './find-line.js';
import type { EntryReader, Extent, Page, PageWish, ReadEntry } from './reader.js';

/** Read at once; a line has 4 KiB at most, one of sealed personal fields 8 KiB. */
const CHUNK_BYTES = 64 * 1024;
/** Of one page, whatever is found in it. */
const SCAN_BYTES_MAX = 32 * CHUNK_BYTES;
/** Places where the last pages have ended: who reads on begins there. */
const PLACES_MAX = 4;

/** The beginning of a line, as it is written. */
const HEAD =
  /^\{"v":1,"n":\d{1,16},"time":"([^"]{24})",(?:"mono":\d{1,16},)?"boot":"[a-z0-9-]{1,36}","type":"([a-z-]{1,40})"/;
const HEAD_BYTES = 256;

/** A byte of a segment, which has the number of its first entry. */
interface Place {
  readonly segment: number;
  readonly at: number;
}

type Disk = Pick<JournalDisk, 'list' | 'slice'>;

/** {@link EntryReader} on the journal's files. Damaged lines are left out: `kaimon audit verify` reports them. */
export class JournalReader implements EntryReader {
  readonly #disk: Disk;
  readonly #extent: () => Extent | undefined;
  readonly #seals: Lines;
  /** The numbers of the first entries of all segments, as last listed. */
  #segments: readonly number[] = [];
  readonly #places = new Map<number, Place>();

  constructor(disk: Disk, extent: () => Extent | undefined, seals: Lines = PLAIN_LINES) {
    this.#disk = disk;
    this.#extent = extent;
    this.#seals = seals;
  }

  get extent(): Extent | undefined {
    return this.#extent();
  }

  async first(): Promise<number> {
    await this.#list();
    return this.#segments[0] ?? 0;
  }

  async hashOf(n: number): Promise<string | undefined> {
    if (n === 0) return GENESIS;
    const { upTo } = await this.page({ after: n - 1, upTo: n, limit: 1, wanted: () => false });
    return upTo?.n === n ? upTo.hash : undefined;
  }

  async fileSince(sinceMs: number): Promise<number> {
    await this.#list();
    for (const segment of this.#segments) {
      const name = segmentName(segment);
      const size = (await this.#disk.slice(name, 0, 0))?.size ?? 0;
      const end = (await this.#disk.slice(name, Math.max(0, size - 2 * LINE_MAX), 2 * LINE_MAX))?.bytes;
      const time = HEAD.exec(end ? lastLine(end).toString('latin1', 0, HEAD_BYTES) : '')?.[1];
      // One whose end cannot be read may hold what is wanted.
      if (time === undefined || Date.parse(time) >= sinceMs) return segment;
    }
    return (this.extent?.last ?? 0) + 1;
  }

  async page(wish: PageWish): Promise<Page> {
    const { after, limit } = wish;
    const last = Math.min(wish.upTo ?? Number.POSITIVE_INFINITY, this.extent?.last ?? 0);
    const found = new Map<number, ReadEntry[]>();
    let upTo: Position | undefined;
    let [count, scanned] = [0, 0];
    let place = after < last ? (this.#places.get(after) ?? (await this.#placeOf(after + 1))) : undefined;
    while (place && count < limit && scanned < SCAN_BYTES_MAX && (upTo?.n ?? after) < last) {
      const { segment, at }: Place = place;
      const slice = await this.#disk.slice(segmentName(segment), at, CHUNK_BYTES);
      // Purged since the files were listed.
      if (!slice) await this.#list();
      const bytes = slice?.bytes ?? Buffer.alloc(0);
      const seen = take(bytes, { ...wish, after: upTo?.n ?? after, upTo: last, limit: limit - count });
      if (seen.entries.length > 0) found.set(segment, [...(found.get(segment) ?? []), ...seen.entries]);
      count += seen.entries.length;
      scanned += bytes.length;
      upTo = seen.upTo ?? upTo;
      // What has no end within so many bytes is no line.
      const consumed = seen.consumed === 0 && bytes.length === CHUNK_BYTES ? CHUNK_BYTES : seen.consumed;
      place = consumed > 0 ? { segment, at: at + consumed } : await this.#next(segment);
      await breathe();
    }
    if (upTo && place) this.#keep(upTo.n, place);
    const entries: ReadEntry[] = [];
    for (const [segment, some] of found) entries.push(...(await this.#withPersonal(segment, some)));
    return { entries, upTo, first: this.#segments[0] ?? 0 };
  }

  #keep(n: number, place: Place): void {
    this.#places.delete(n);
    this.#places.set(n, place);
    for (const old of this.#places.keys()) if (this.#places.size > PLACES_MAX) this.#places.delete(old);
  }

  /** Where to begin for entry `n`: in its segment, or at the first one that is left. */
  async #placeOf(n: number): Promise<Place | undefined> {
    await this.#list();
    const segment = this.#segments.findLast((first) => first <= n) ?? this.#segments[0];
    if (segment === undefined) return undefined;
    return { segment, at: (await findLine(this.#disk, segmentName(segment), n)) ?? 0 };
  }

  /** The segment after this one, which may have been begun since they were listed. */
  async #next(segment: number): Promise<Place | undefined> {
    const after = () => this.#segments.find((first) => first > segment);
    if (after() === undefined) await this.#list();
    const next = after();
    return next === undefined ? undefined : { segment: next, at: 0 };
  }

  async #list(): Promise<void> {
    const files = await this.#disk.list();
    this.#segments = files.map(({ name }) => firstOf(name)).filter((first) => first !== undefined);
  }

  async #withPersonal(segment: number, entries: readonly ReadEntry[]): Promise<readonly ReadEntry[]> {
    const needed = entries.filter(({ entry }) => entry.commitment !== undefined).map(({ entry }) => entry.n);
    const known = new Map<number, Fields | 'locked'>();
    // Somebody may be erased meanwhile, which moves the lines of others: who is missing is looked for once more.
    for (let attempt = 0; attempt < 2 && needed.some((n) => !known.has(n)); attempt++)
      await this.#readPersonal(
        segment,
        needed.filter((n) => !known.has(n)),
        known,
      );
    return entries.map((read) => {
      const fields = known.get(read.entry.n);
      return fields === 'locked' ? { ...read, locked: true } : { ...read, personal: fields };
    });
  }

  async #readPersonal(
    segment: number,
    needed: readonly number[],
    known: Map<number, Fields | 'locked'>,
  ): Promise<void> {
    const name = personalName(segmentName(segment));
    const wanted = new Set(needed);
    const last = needed.at(-1) ?? 0;
    let at = await findLine(this.#disk, name, needed[0] ?? 0);
    while (at !== undefined) {
      const bytes: Buffer = (await this.#disk.slice(name, at, CHUNK_BYTES))?.bytes ?? Buffer.alloc(0);
      let from = 0;
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, from)) {
        const n = numberAt(bytes, from);
        if (n !== undefined && n > last) return;
        const line = n !== undefined && wanted.has(n) ? readLine(bytes.toString('utf8', from, end), this.#seals) : null;
        if (line && n !== undefined) known.set(n, 'locked' in line ? 'locked' : line.fields);
        from = end + 1;
      }
      at = from > 0 ? at + from : undefined;
      await breathe();
    }
  }
}

function lastLine(bytes: Buffer): Buffer {
  const end = bytes.lastIndexOf(0x0a);
  return bytes.subarray(end > 0 ? bytes.lastIndexOf(0x0a, end - 1) + 1 : 0, Math.max(0, end));
}

interface Taken {
  readonly entries: readonly ReadEntry[];
  readonly upTo: Position | undefined;
  /** Bytes up to where reading goes on. */
  readonly consumed: number;
}

/** The wanted entries of a part of a segment that begins with a line. */
function take(bytes: Buffer, { after, upTo = 0, limit, wanted, sinceMs }: PageWish): Taken {
  const entries: ReadEntry[] = [];
  let last: { readonly n: number; readonly line: Buffer } | undefined;
  let from = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0 && entries.length < limit; end = bytes.indexOf(0x0a, from)) {
    const line = bytes.subarray(from, end);
    const n = numberAt(line, 0);
    if (n !== undefined && n > upTo) break;
    from = end + 1;
    if (n === undefined || n <= after) continue;
    last = { n, line };
    const [, time, type] = HEAD.exec(line.toString('latin1', 0, HEAD_BYTES)) ?? [];
    if (time === undefined || type === undefined || wanted?.(type) === false) continue;
    if (sinceMs !== undefined && Date.parse(time) < sinceMs) continue;
    const decoded = decodeLine(line);
    if ('entry' in decoded)
      entries.push({ entry: decoded.entry, personal: undefined, locked: false, hash: hashLine(line) });
  }
  return { entries, upTo: last && { n: last.n, hash: hashLine(last.line) }, consumed: from };
}
