import { mkdirSync, readdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SpeechCache } from '../../src/voice/speech-cache.js';
import { wavSeconds } from '../../src/voice/wav.js';
import { Stage, silence } from './stage.js';

let stage: Stage;
let made: string[] = [];
beforeEach(() => {
  stage = new Stage();
  made = [];
});
afterEach(() => stage.clear());

const cache = (files = 3, bytes = 1_000_000) => new SpeechCache(stage.cacheFolder, { files, bytes });
const kept = () => readdirSync(stage.cacheFolder).sort();

/** Speaks `key`, and sets the time at which it was last spoken to `second`. */
async function speak(into: SpeechCache, key: string, second: number, bytes = 1000): Promise<void> {
  const { file } = await into.get(key, (path) => {
    made.push(key);
    return writeFile(path, silence(bytes));
  });
  utimesSync(file, second, second);
}

test('the sound of a text is made once and found again', async () => {
  const speech = cache();
  await speak(speech, 'a', 1);
  await speak(speech, 'a', 2);
  expect(made).toEqual(['a']);
  expect(kept()).toEqual(['a.wav']);
});

test('the files, which say names, are readable by this user only', async () => {
  await speak(cache(), 'a', 1);
  expect(statSync(stage.cacheFolder).mode & 0o777).toBe(0o700);
});

test('when there are too many files, the least recently spoken one is removed', async () => {
  const speech = cache(3);
  for (const [key, second] of [
    ['a', 1],
    ['b', 2],
    ['c', 3],
    ['a', 4],
  ] as const)
    await speak(speech, key, second);
  await speak(speech, 'd', 5);
  expect(kept()).toEqual(['a.wav', 'c.wav', 'd.wav']);
});

test('when there are too many bytes, the least recently spoken file is removed, never the newest', async () => {
  const speech = cache(100, 5000);
  await speak(speech, 'a', 1, 2000);
  await speak(speech, 'b', 2, 2000);
  await speak(speech, 'c', 3, 2000);
  expect(kept()).toEqual(['b.wav', 'c.wav']);
  await speak(speech, 'huge', 4, 9000);
  expect(kept()).toEqual(['huge.wav']);
});

test('a file that a power cut left short is made again', async () => {
  const speech = cache();
  await speak(speech, 'a', 1);
  truncateSync(join(stage.cacheFolder, 'a.wav'), 500);
  await speak(speech, 'a', 2);
  expect(made).toEqual(['a', 'a']);
  expect(statSync(join(stage.cacheFolder, 'a.wav')).size).toBe(1044);
});

test('a file that a crash left half made is removed', async () => {
  mkdirSync(stage.cacheFolder);
  writeFileSync(join(stage.cacheFolder, 'old.tmp'), 'half');
  await speak(cache(), 'a', 1);
  expect(kept()).toEqual(['a.wav']);
});

test('a voice that fails or gives no sound leaves nothing behind', async () => {
  const speech = cache();
  await expect(speech.get('a', () => Promise.reject(new Error('no voice')))).rejects.toThrow('no voice');
  await expect(speech.get('b', (path) => writeFile(path, ''))).rejects.toThrow('no sound');
  await expect(speech.get('c', () => Promise.resolve())).rejects.toThrow('no sound');
  expect(kept()).toEqual([]);
});

test('the length of a WAV file is read from its header, and a header that does not fit the file is refused', () => {
  const wav = silence(44_100);
  expect(wavSeconds(wav, wav.length)).toBe(1);
  expect(wavSeconds(wav, wav.length - 1)).toBeNull();
  expect(wavSeconds(wav.subarray(0, 43), 43)).toBeNull();
  expect(wavSeconds(Buffer.alloc(44), 44)).toBeNull();
  expect(wavSeconds(silence(0), 44)).toBeNull();
});
