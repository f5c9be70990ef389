import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf, OperatingError } from '../kit/errors.js';
import { readPlainFileSync } from '../kit/files/plain-file.js';

/** One file of a set of live faces and attacks. */
export interface PresentationFile {
  /** Below the set's folder. */
  readonly file: string;
  /** `live`, or the kind of attack: `print`, `replay`, … */
  readonly kind: string;
  readonly person: string;
  /** Where it comes from: what shares a camera, a place or a maker; empty where the set does not say it. */
  readonly source: string;
  /** Files of one take are frames of one presentation, in the order of `frame`. */
  readonly take: string;
  readonly frame: number;
  /** How many frame numbers of its take are a second, where the set says so. */
  readonly fps: number | undefined;
}

/** When a picture of a take was taken, from the take's frame 0. @param takeFps for sets that do not say it */
export const takenAtMs = ({ frame, fps }: Pick<PresentationFile, 'frame' | 'fps'>, takeFps: number): number =>
  (frame * 1000) / (fps ?? takeFps);

export interface PresentationSet {
  readonly stills: readonly PresentationFile[];
  readonly clips: readonly PresentationFile[];
}

const FILES_MAX = 20_000;
/** No camera of a gate is faster: a greater number in a manifest is a mistake. */
const FPS_MAX = 1000;
const PICTURE = /\.(jpe?g|png)$/i;
const VIDEO = /\.(mov|mp4|webm|mkv|avi)$/i;

const unusable = (message: string, cause?: unknown) => new OperatingError('KAIMON_LIVENESS_SET', message, { cause });

/**
 * Reads a set: by its manifest.csv (columns file, label, person, seq, frame, and fps and source where it has them;
 * others are ignored), else by its folders:
 * KIND/PERSON/…/picture, KIND/PERSON/…/video and KIND/PERSON.video, where pictures that share a folder are one take.
 * @throws OperatingError KAIMON_LIVENESS_SET
 */
export function readPresentations(folder: string): PresentationSet {
  return setOf(folder, readManifest(folder) ?? readFolders(folder), 'below live/, print/, replay/ …');
}

/**
 * Reads people who come to a gate: the live ones of manifest.csv, else PERSON/…/TAKE/picture, PERSON/…/video and
 * PERSON.video. @throws OperatingError KAIMON_LIVENESS_SET
 */
export function readPeople(folder: string): PresentationSet {
  const named = readManifest(folder)?.filter(({ kind }) => kind === 'live');
  const shown =
    named ??
    filesBelow(folder)
      .filter((file) => file.includes('/') || VIDEO.test(file))
      .map((file, i) => ({
        ...shownOf(file, i),
        kind: 'live',
        person: (file.split('/')[0] as string).replace(VIDEO, ''),
      }));
  return setOf(folder, shown, 'PERSON/TAKE/picture, PERSON/video, PERSON.mp4');
}

function setOf(folder: string, shown: readonly PresentationFile[], where: string): PresentationSet {
  if (shown.length === 0 || shown.length > FILES_MAX)
    throw unusable(`${folder} holds ${shown.length} pictures and videos ${where}; 1 to ${FILES_MAX} are allowed`);
  return {
    stills: shown.filter(({ file }) => PICTURE.test(file)),
    clips: shown.filter(({ file }) => VIDEO.test(file)),
  };
}

const MANIFEST_BYTES_MAX = 256 * 1024 * 1024;

function readManifest(folder: string): PresentationFile[] | undefined {
  const file = join(folder, 'manifest.csv');
  let text: string;
  try {
    text = readPlainFileSync(file, MANIFEST_BYTES_MAX).toString('utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw unusable(`cannot read ${file}: ${messageOf(thrown)}`, thrown);
  }
  return parsePresentations(text, file);
}

const COLUMNS = ['file', 'label', 'person', 'seq', 'frame'] as const;

/** Parses manifest.csv; fields hold no commas. @throws OperatingError KAIMON_LIVENESS_SET naming the line */
export function parsePresentations(text: string, name: string): PresentationFile[] {
  const [head = '', ...lines] = text.trim().split(/\r?\n/);
  const columns = head.split(',');
  const missing = COLUMNS.filter((column) => !columns.includes(column));
  if (missing.length > 0)
    throw unusable(`${name} has no column "${missing.join('", "')}"; its first line is "${head.slice(0, 120)}"`);
  return lines.map((line, i) => {
    const fields = line.split(',');
    const field = (column: (typeof COLUMNS)[number]) => fields[columns.indexOf(column)] ?? '';
    const [file, kind] = [field('file'), field('label')];
    if (!(PICTURE.test(file) || VIDEO.test(file)) || file.startsWith('/') || file.split('/').includes('..'))
      throw unusable(`${name}, line ${i + 2}: "${file.slice(0, 120)}" is no picture or video below the folder`);
    if (!/^[a-z0-9-]{1,40}$/.test(kind))
      throw unusable(`${name}, line ${i + 2}: the label "${kind.slice(0, 60)}" is none: live, print, replay …`);
    const frame = Number(field('frame') || 0);
    const fps = columns.includes('fps') ? Number(fields[columns.indexOf('fps')] || Number.NaN) : Number.NaN;
    return {
      file,
      kind,
      person: field('person') || file,
      source: columns.includes('source') ? (fields[columns.indexOf('source')] ?? '') : '',
      take: field('seq') || file,
      frame: Number.isFinite(frame) ? frame : 0,
      fps: fps > 0 && fps <= FPS_MAX ? fps : undefined,
    };
  });
}

const readFolders = (folder: string): PresentationFile[] =>
  filesBelow(folder)
    .filter((file) => file.includes('/'))
    .map(shownOf);

function filesBelow(folder: string): string[] {
  let files: string[];
  try {
    files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (cause) {
    throw unusable(`cannot read the folder ${folder}: ${messageOf(cause)}`, cause);
  }
  return files
    .filter((file) => PICTURE.test(file) || VIDEO.test(file))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function shownOf(file: string, at: number): PresentationFile {
  const take = PICTURE.test(file) ? dirname(file) : file;
  const numbers = basename(file).match(/\d+/g);
  return {
    file,
    kind: file.split('/')[0] as string,
    // The same person below live/ and print/: then an attack is shown to a gate that knows who is on it.
    person: (file.split('/')[1] ?? file).replace(VIDEO, ''),
    source: '',
    take,
    frame: Number(numbers?.at(-1) ?? at),
    fps: undefined,
  };
}

/** Stills by take, each in order. Frames cut out of a video of the set are no takes: the video itself is measured. */
export function takesOf({ stills, clips }: PresentationSet): PresentationFile[][] {
  const clipNames = new Set(clips.map(({ take }) => take));
  const takes = new Map<string, PresentationFile[]>();
  for (const still of stills) {
    if (clipNames.has(still.take)) continue;
    const key = `${still.kind} ${still.take}`;
    takes.set(key, [...(takes.get(key) ?? []), still]);
  }
  return [...takes.values()].map((take) => [...take].sort((a, b) => a.frame - b.frame));
}
