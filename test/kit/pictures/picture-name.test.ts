import { expect, test } from 'vitest';
import { PICTURE_NAME } from '../../../src/kit/pictures/picture-name.js';

test.each([
  'a.jpg',
  'a.JPEG',
  'a.jfif',
  'a.png',
  'a.webp',
  'IMG_0001.HEIC',
  'a.heif',
  'a.hif',
  'a.avif',
  'a.jxl',
  'a.dng',
])('%s in a folder is looked at, so that it is taken or named', (name) => expect(PICTURE_NAME.test(name)).toBe(true));

test.each(['notes.txt', 'people.json', 'jpg', 'a.jpg.part', '.DS_Store'])('%s is passed over', (name) =>
  expect(PICTURE_NAME.test(name)).toBe(false),
);
