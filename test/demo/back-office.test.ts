import { afterEach, expect, test } from 'vitest';
import { BackOffice } from '../../src/demo/back-office.js';
import { type Mosquitto, startMosquitto } from '../site/mosquitto.js';

const NAMES = { site: 'home', gate: 'north' };
let broker: Mosquitto | undefined;
let office: BackOffice | undefined;

afterEach(async () => {
  await office?.close();
  await broker?.stop();
});

test('a request that a hanging broker never takes fails in time, as one that no gate answers does', async () => {
  broker = await startMosquitto();
  office = await BackOffice.connect(broker.url, NAMES, () => undefined);
  broker.pause();
  const unhandled: unknown[] = [];
  const note = (thrown: unknown) => void unhandled.push(thrown);
  process.on('unhandledRejection', note);
  await expect(office.ask('ping', {}, { answerMs: 50 })).rejects.toThrow('did not answer "ping"');
  broker.resume();
  await expect(office.ask('ping', {}, { answerMs: 50 })).rejects.toThrow('did not answer "ping"');
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});
