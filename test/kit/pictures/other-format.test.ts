import { expect, test } from 'vitest';
import { whyNotTaken } from '../../../src/kit/pictures/other-format.js';

const boxed = (brand: string) => Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0mif1${brand}`, 'latin1');

test.each([
  ['HEIC of an iPhone', boxed('heic'), 'it is an HEIC photo', 'heif-convert photo.heic photo.jpg'],
  ['HEIF of another telephone', boxed('mif1'), 'it is an HEIC photo', 'heif-convert'],
  ['AVIF', boxed('avif'), 'it is an AVIF photo', 'avifdec photo.avif photo.jpg'],
  ['a film', Buffer.from('\0\0\0\x18ftypisom', 'latin1'), 'it is a video', 'save one picture'],
  ['GIF', Buffer.from('GIF89a'), 'it is a GIF', 'save it as JPEG'],
  ['BMP', Buffer.from('BM123456'), 'it is a BMP', 'save it as JPEG'],
  ['TIFF', Buffer.from('II*\0', 'latin1'), 'it is a TIFF', 'save it as JPEG'],
  ['PDF', Buffer.from('%PDF-1.7'), 'it is a PDF', 'save the picture'],
  ['a text', Buffer.from('hello'), 'it is no JPEG, PNG or WebP', ''],
])('%s is named, and how to make a JPEG of it is said', (_what, bytes, named, advice) => {
  expect(whyNotTaken(bytes)).toContain(named);
  expect(whyNotTaken(bytes)).toContain(advice);
});
