// pure
import type { ErrorRow } from './error-row.js';

export const PHOTOS_ERRORS = {
  KAIMON_PHOTO_READ: {
    kind: 'input',
    meaning: 'the file is missing, no plain file, too large or unreadable',
    advice: 'check the path',
  },
  KAIMON_PHOTO_UNUSABLE: {
    kind: 'input',
    meaning: 'it is no JPEG, PNG or WebP, is cut off or broken, or claims more than 60 megapixels',
    advice: 'copy or send the whole file again, or save it as JPEG; the sentence says how for HEIC and AVIF',
  },
  KAIMON_PHOTO_FACE: {
    kind: 'input',
    meaning:
      'no face, several faces, a face that is too small, dark, blurred or turned away, or a photo of which the way up cannot be told',
    advice: 'give a photo of one person, near, sharp and frontal',
  },
  KAIMON_ENROLMENT: {
    kind: 'input',
    meaning:
      'nothing was changed; `reason` says why (`duplicate-person`, …), and of several photos each that cannot be used is named',
    advice: 'what the sentence says',
  },
  KAIMON_PEOPLE_IMPORT: {
    kind: 'input',
    meaning: 'the file is no export of `kaimon people export`, and no folder or CSV of photos that can be used',
    advice: 'export again, or correct the row that is named',
  },
  KAIMON_PEOPLE_REENCODE: {
    kind: 'input',
    meaning: 'the folder holds no photos of enrolled people, so templates cannot be made again',
    advice: 'give a folder with one folder a person, named by the id, or enrol the people again with the new encoder',
  },
} as const satisfies Readonly<Record<`KAIMON_${string}`, ErrorRow>>;
