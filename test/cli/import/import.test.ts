import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { connectAsync } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { csvRows } from '../../../src/cli/import/csv-rows.js';
import { GateClient } from '../../../src/cli/import/gate-client.js';
import { isPhotoList, readPhotoList } from '../../../src/cli/import/import-list.js';
import { type ImportParts, importPhotos, inFlightFor } from '../../../src/cli/import/import-photos.js';
import { ImportReport } from '../../../src/cli/import/import-report.js';
import { defaultConfig } from '../../../src/config/config.js';
import { csvRow } from '../../../src/journal/audit/csv.js';
import { silentLog } from '../../../src/kit/log.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import { type ErrorCode, RequestError, type Response } from '../../../src/site/messages.js';
import { configFor, gateOver, mqttLink } from '../../site/harness.js';
import { startMosquitto } from '../../site/mosquitto.js';
import { tempFolder } from '../../store/sample.js';

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
const ID = '00000000-0000-4000-8000-000000000000';
const ok: Response = { v: 1, id: ID, ok: true, result: {} };
const refusal = (code: ErrorCode, retryAfterMs?: number): Response => ({
  v: 1,
  id: ID,
  ok: false,
  error: { code, message: `it is ${code}`, ...(retryAfterMs !== undefined && { retryAfterMs }) },
});

describe('a CSV', () => {
  test('with commas or semicolons, quotes, line breaks in cells and a byte order mark is read', () => {
    expect(csvRows('\uFEFFphoto,name\r\n"a,1.jpg","Ada ""L"""\r\nb.jpg,"B\nb"\n\n', 10)).toEqual([
      { photo: 'a,1.jpg', name: 'Ada "L"' },
      { photo: 'b.jpg', name: 'B\nb' },
    ]);
    expect(csvRows('photo;name\na.jpg;Ada, Countess\n', 10)).toEqual([{ photo: 'a.jpg', name: 'Ada, Countess' }]);
  });

  test('that is endless or broken is refused', () => {
    expect(() => csvRows('a\n1\n2\n3\n', 2)).toThrow(/more than 2 rows/);
    expect(() => csvRows('a\n"1\n', 2)).toThrow(/never closed/);
  });

  test('reads back what the journal export writes', () => {
    const cell = fc.string().map((text) => `x${text.replaceAll('\r', '')}x`);
    fc.assert(
      fc.property(cell, cell, (photo, name) => {
        expect(csvRows(csvRow(['photo', 'name']) + csvRow([photo, name]), 1)).toEqual([{ photo, name }]);
      }),
    );
  });
});

describe('the list of photos', () => {
  test('of a folder: files and folders by their names; what is no picture is left out', async () => {
    const folder = await tempFolder();
    mkdirSync(join(folder, 'Grace_Hopper'));
    for (const name of ['Ada.jpg', 'notes.txt', '.hidden.jpg', 'Grace_Hopper/2.png', 'Grace_Hopper/1.jpg'])
      writeFileSync(join(folder, name), JPEG);
    expect(isPhotoList(folder)).toBe(true);
    expect(readPhotoList(folder).map(({ args, photos }) => [args.name, photos.map(({ name }) => name)])).toEqual([
      ['Ada', ['Ada.jpg']],
      ['Grace Hopper', ['Grace_Hopper/1.jpg', 'Grace_Hopper/2.png']],
    ]);
  });

  test('of a CSV: rows of one id are one person, empty cells are not given, days are moments', async () => {
    const file = join(await tempFolder(), 'people.csv');
    writeFileSync(
      file,
      'photo,name,id,groups,validUntil,more\na.jpg,Ada,ada,staff lab,2026-12-31,x\nb.jpg,Ada,ada,,,\nc.jpg,Bob,,,,\n',
    );
    expect(readPhotoList(file)).toMatchObject([
      {
        args: { name: 'Ada', id: 'ada', groups: ['staff', 'lab'], validUntil: '2026-12-31T00:00:00.000Z' },
        photos: [{ name: 'a.jpg', file: join(file, '..', 'a.jpg') }, { name: 'b.jpg' }],
      },
      { args: { name: 'Bob' }, photos: [{ name: 'c.jpg' }] },
    ]);
  });

  test.each([
    ['photo,name\na.jpg,\n', /row 2, column name/],
    ['photo,name,language\na.jpg,Ada,en\nb.jpg,Bob,fr\n', /row 3, column language/],
    ['photo,name\n', /no photo/],
    ['', /no photo/],
  ])('%j is refused by row and column', async (text, why) => {
    const file = join(await tempFolder(), 'people.csv');
    writeFileSync(file, text);
    expect(() => readPhotoList(file)).toThrow(why);
  });
});

/**
 * Three people of one photo each, and a fourth of two, at a gate that answers as the test wants.
 * @param together it answers nothing until so many are asked at one time
 */
async function stage(answer: (args: { name: string; id: string }, n: number) => Response | undefined, together = 1) {
  const folder = await tempFolder();
  mkdirSync(join(folder, 'photos', 'Dora'), { recursive: true });
  for (const name of ['Ada.jpg', 'Bob.jpg', 'Cleo.jpg', 'Dora/1.jpg', 'Dora/2.jpg'])
    writeFileSync(join(folder, 'photos', name), JPEG);
  const file = join(folder, 'report.jsonl');
  const asked: { name: string; id: string }[] = [];
  const waited: number[] = [];
  let next = 0;
  let now = 0;
  let most = 0;
  let release: () => void = () => undefined;
  const enough = new Promise<void>((resolve) => {
    release = resolve;
  });
  const parts = (): ImportParts => ({
    people: readPhotoList(join(folder, 'photos')),
    ask: async (args) => {
      most = Math.max(most, ++now);
      const given = args as { name: string; id: string };
      const n = asked.push(given);
      if (now >= together) release();
      await enough;
      now--;
      return answer(given, n);
    },
    limits: { slowQueue: 256, slowQueueBytes: 1e9, enrollBytes: 8e6 },
    inFlight: 2,
    report: new ImportReport(file),
    newId: () => `p-${next++}`,
    onPhoto: () => undefined,
    pause: async (ms) => void waited.push(ms),
  });
  const lines = () =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
  return { folder, file, asked, waited, parts, lines, most: () => most };
}

describe('an import', () => {
  test('enrols all, few at a time, the photos of one person under one id', async () => {
    const { asked, parts, most } = await stage(() => ok, 2);
    expect(await importPhotos(parts())).toMatchObject({ enrolled: 5, before: 0, refused: 0, unanswered: 0 });
    expect(most()).toBe(2);
    const dora = asked.filter(({ name }) => name === 'Dora').map(({ id }) => id);
    expect([dora.length, new Set(dora).size]).toEqual([2, 1]);
    expect(new Set(asked.map(({ id }) => id)).size).toBe(4);
  });

  test('says of each refused photo which and why, and goes on', async () => {
    const { parts, lines, folder } = await stage(({ name }) => (name === 'Bob' ? refusal('no-face') : ok));
    rmSync(join(folder, 'photos', 'Cleo.jpg'));
    mkdirSync(join(folder, 'photos', 'Cleo'));
    writeFileSync(join(folder, 'photos', 'Cleo', 'large.jpg'), Buffer.alloc(7_000_000));
    const counts = await importPhotos(parts());
    expect(counts).toMatchObject({ enrolled: 3, refused: 2, reasons: { 'no-face': 1, unreadable: 1 } });
    expect(lines()).toContainEqual({
      photo: 'Bob.jpg',
      status: 'refused',
      person: expect.any(String),
      code: 'no-face',
      message: 'it is no-face',
    });
    expect(lines()).toContainEqual(
      expect.objectContaining({ photo: 'Cleo/large.jpg', message: expect.stringMatching(/7000000 bytes/) }),
    );
  });

  test('waits as long as a busy gate says, and sends again', async () => {
    const { parts, waited, asked } = await stage((_args, n) => (n <= 2 ? refusal('busy', 1234) : ok));
    expect(await importPhotos(parts())).toMatchObject({ enrolled: 5 });
    expect([waited, asked.length]).toEqual([[1234, 1234], 7]);
  });

  test('that was broken off goes on by its report, and sends a photo without an answer to the same person', async () => {
    const first = await stage(({ name }) => (name === 'Bob' ? undefined : name === 'Cleo' ? refusal('no-face') : ok));
    expect(await importPhotos(first.parts())).toMatchObject({ enrolled: 3, refused: 1, unanswered: 1 });
    const bob = first.asked.find(({ name }) => name === 'Bob')?.id;
    first.asked.length = 0;
    expect(await importPhotos(first.parts())).toMatchObject({ enrolled: 0, before: 3, refused: 1, unanswered: 1 });
    expect(new Set(first.asked.map(({ name }) => name))).toEqual(new Set(['Bob', 'Cleo']));
    expect(first.asked.find(({ name }) => name === 'Bob')?.id).toBe(bob);
  });

  test('goes on although the last line of the report was cut off, and takes no other file for a report', async () => {
    const { parts, file } = await stage(() => ok);
    await importPhotos(parts());
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"photo":"Ada`);
    expect(await importPhotos(parts())).toMatchObject({ enrolled: 0, before: 5 });
    writeFileSync(file, 'a diary\nof mine\n');
    expect(() => new ImportReport(file)).toThrow(/line 1, is no report/);
  });

  test('ends when the gate gives no answers any more', async () => {
    const { parts, asked } = await stage(() => undefined);
    const many = Array.from({ length: 40 }, () => parts().people).flat();
    expect(await importPhotos({ ...parts(), people: many })).toMatchObject({ enrolled: 0, unanswered: 200 });
    expect(asked.length).toBeLessThan(20);
  });

  test('that is told to stop waits for what is on its way, sends nothing more, and goes on later without doing it twice', async () => {
    const stop = new AbortController();
    const { parts, asked } = await stage((_args, n) => {
      if (n === 2) stop.abort();
      return ok;
    }, 2);
    expect(await importPhotos({ ...parts(), stop: stop.signal })).toMatchObject({ enrolled: 2, unanswered: 3 });
    expect(asked.length).toBe(2);
    expect(await importPhotos(parts())).toMatchObject({ enrolled: 3, before: 2, unanswered: 0 });
    expect(asked.length).toBe(5);
  });

  test('gives a gate no more than its queue holds, and an older gate few', async () => {
    const { parts, most } = await stage(() => ok, 3);
    await importPhotos({ ...parts(), inFlight: 100, limits: { enrollBytes: 8e6 } });
    expect(most()).toBe(3);
    expect(inFlightFor(16, 6_000_000, { slowQueueBytes: 64 * 1024 * 1024, enrollBytes: 8e6 })).toBe(4);
    expect(inFlightFor(16, 100_000, { slowQueueBytes: 64 * 1024 * 1024, enrollBytes: 8e6 })).toBe(16);
    expect(inFlightFor(16, 6_000_000, { slowQueueBytes: 1, enrollBytes: 8e6 })).toBe(1);
  });
});

test('over Mosquitto: a client finds the gate and its limits, asks and is answered; a gate that is not there is named', async () => {
  const mosquitto = await startMosquitto();
  const enroll = async () => {
    throw new RequestError('no-face', 'no face was found in it');
  };
  const gate = gateOver(mqttLink(configFor(mosquitto.url), 'north'), 'north', { enroll });
  const config = { ...defaultConfig, site: 'home', mqtt: { ...defaultConfig.mqtt, url: mosquitto.url } };
  const { client, limits } = await GateClient.connect(
    config,
    'north',
    { by: 'cli:test', key: undefined },
    systemClock,
    silentLog,
  );
  try {
    expect(limits).toMatchObject({ slowQueue: 256, slowQueueBytes: 64 * 1024 * 1024, enrollBytes: 8 * 1024 * 1024 });
    const args = { name: 'Ada', photo: JPEG.toString('base64') };
    expect(await client.ask('enroll', args)).toMatchObject({ ok: false, error: { code: 'no-face' } });
    expect(await client.ask('ping', {})).toMatchObject({ ok: true, result: { did: 'ping' } });
  } finally {
    await client.end();
    await gate.stop();
    await mosquitto.stop();
  }
});

test('that a request was taken already is no answer to it: the link may have sent it twice', async () => {
  const mosquitto = await startMosquitto();
  const gate = await connectAsync(mosquitto.url, { protocolVersion: 5 });
  const at = 'kaimon/home/gates/north';
  gate.on('message', (_topic, payload) => {
    const { id } = JSON.parse(payload.toString()) as { id: string };
    const answer = (rest: object) => gate.publish(`${at}/response/${id}`, JSON.stringify({ v: 1, id, ...rest }));
    answer({ ok: false, error: { code: 'replayed', message: 'it was taken already' } });
    answer({ ok: true, result: {} });
  });
  await gate.subscribeAsync(`${at}/request/+`);
  await gate.publishAsync(`${at}/info`, JSON.stringify({ limits: { slowQueue: 256 } }), { retain: true });
  const config = { ...defaultConfig, site: 'home', mqtt: { ...defaultConfig.mqtt, url: mosquitto.url } };
  const asker = { by: 'cli:test', key: undefined };
  const { client } = await GateClient.connect(config, 'north', asker, systemClock, silentLog);
  try {
    expect(await client.ask('enroll', { name: 'Ada' })).toMatchObject({ ok: true });
  } finally {
    await client.end();
    await gate.endAsync(true);
    await mosquitto.stop();
  }
});
