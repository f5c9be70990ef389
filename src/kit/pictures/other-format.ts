// pure
interface Format {
  readonly name: string;
  /** How a person makes a JPEG of it. */
  readonly advice: string;
  readonly is: (head: Buffer) => boolean;
}

const latin1 = (head: Buffer, from: number, to: number) => head.toString('latin1', from, to);
const startsWith = (text: string) => (head: Buffer) => latin1(head, 0, text.length) === text;
/** The brands of an ISO base media file (ISO 14496-12, 4.3): HEIC, AVIF and MP4 differ in nothing else at first sight. */
const brands = (head: Buffer): string => (latin1(head, 4, 8) === 'ftyp' ? latin1(head, 8, 64) : '');
const has = (pattern: RegExp) => (head: Buffer) => pattern.test(brands(head));

const SAVE_AGAIN = 'open it and save it as JPEG';

/** Formats that people bring and that are not taken, the surer ones first. */
const OTHER_FORMATS: readonly Format[] = [
  {
    name: 'an AVIF photo',
    advice: 'turn it into a JPEG: avifdec photo.avif photo.jpg (package libavif-bin)',
    is: has(/avi[fs]/),
  },
  {
    name: 'an HEIC photo',
    advice:
      'turn it into a JPEG: heif-convert photo.heic photo.jpg (package libheif-examples); an iPhone takes JPEG with Settings, Camera, Formats, Most Compatible',
    is: has(/hei[cxms]|hev[cxms]|mif1|msf1/),
  },
  { name: 'a video', advice: 'save one picture of it as JPEG', is: (head) => brands(head) !== '' },
  { name: 'a video', advice: 'save one picture of it as JPEG', is: startsWith('\x1a\x45\xdf\xa3') },
  { name: 'a GIF', advice: SAVE_AGAIN, is: startsWith('GIF8') },
  { name: 'a BMP', advice: SAVE_AGAIN, is: startsWith('BM') },
  { name: 'a TIFF or a raw photo', advice: SAVE_AGAIN, is: startsWith('II*\0') },
  { name: 'a TIFF or a raw photo', advice: SAVE_AGAIN, is: startsWith('MM\0*') },
  { name: 'a JPEG XL', advice: SAVE_AGAIN, is: startsWith('\xff\x0a') },
  { name: 'a JPEG XL', advice: SAVE_AGAIN, is: startsWith('\0\0\0\x0cJXL ') },
  { name: 'a JPEG 2000', advice: SAVE_AGAIN, is: startsWith('\0\0\0\x0cjP  ') },
  { name: 'a PDF', advice: 'save the picture in it as JPEG', is: startsWith('%PDF') },
];

/** What a file is that is no JPEG, PNG or WebP, and what to do with it; completes "the photo cannot be used: …". */
export function whyNotTaken(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 64));
  const format = OTHER_FORMATS.find(({ is }) => is(head));
  return format
    ? `it is ${format.name}, and JPEG, PNG and WebP are taken: ${format.advice}`
    : 'it is no JPEG, PNG or WebP';
}
