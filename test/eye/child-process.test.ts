import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EyeChild } from '../../src/eye/child-process.js';
import type { FromEye } from '../../src/eye/protocol.js';
import { tempFolder } from '../store/sample.js';

/** What a real child process did, each awaited by the test. */
interface Ward {
  readonly process: EyeChild;
  readonly messages: readonly FromEye[];
  readonly blobs: readonly string[];
  readonly complaints: readonly string[];
  readonly nonsense: Promise<string>;
  readonly exit: Promise<string>;
  readonly message: Promise<FromEye>;
}

/** Node's part of a program: `tell(json, blob)` writes one message to the gate. */
const TELL = `
const fs = require('node:fs');
const pack = (json, blob = '') => {
  const text = Buffer.from(JSON.stringify(json)), raw = Buffer.from(blob), head = Buffer.alloc(8);
  head.writeUInt32BE(4 + text.length + raw.length, 0);
  head.writeUInt32BE(text.length, 4);
  return Buffer.concat([head, text, raw]);
};
const tell = (json, blob) => fs.writeSync(3, pack(json, blob));
`;

async function run(body: string): Promise<Ward> {
  const file = join(await tempFolder(), 'eye.cjs');
  writeFileSync(file, TELL + body);
  const messages: FromEye[] = [];
  const blobs: string[] = [];
  const complaints: string[] = [];
  let onMessage: (message: FromEye) => void = () => undefined;
  let onNonsense: (why: string) => void = () => undefined;
  let onExit: (why: string) => void = () => undefined;
  const message = new Promise<FromEye>((resolve) => {
    onMessage = resolve;
  });
  const nonsense = new Promise<string>((resolve) => {
    onNonsense = resolve;
  });
  const exit = new Promise<string>((resolve) => {
    onExit = resolve;
  });
  const child = new EyeChild(
    {
      message: (one, blob) => {
        messages.push(one);
        blobs.push(blob.toString());
        onMessage(one);
      },
      nonsense: (why) => {
        complaints.push(why);
        onNonsense(why);
      },
      exit: onExit,
    },
    file,
  );
  onTestFinished(async () => {
    child.kill();
    await exit;
  });
  return { process: child, messages, blobs, complaints, nonsense, exit, message };
}

const STAY = 'process.stdin.resume();';

describe('a real eye process', () => {
  test('its messages and pictures arrive', async () => {
    const ward = await run(`tell({ kind: 'snapshot', id: 1, ok: true }, 'jpeg'); ${STAY}`);
    expect(await ward.message).toEqual({ kind: 'snapshot', id: 1, ok: true });
    expect(ward.blobs).toEqual(['jpeg']);
    expect(ward.process.pid).toBeGreaterThan(0);
  });

  test('requests and photos reach it', async () => {
    const ward = await run(`
process.stdin.once('data', (chunk) => tell({ kind: 'fault', code: 'x', message: chunk.toString('latin1', 8) }));
`);
    expect(ward.process.send({ kind: 'photo', id: 5 }, Buffer.from('photo'))).toBe(true);
    expect(await ward.message).toMatchObject({ message: '{"kind":"photo","id":5}photo' });
  });

  test.each([
    ['ends by itself', 'process.exit(3)', 'it ended with exit code 3'],
    ['is killed', `process.kill(process.pid, 'SIGSEGV'); ${STAY}`, 'it was ended by SIGSEGV'],
  ])('one that %s is told', async (_what, body, why) => {
    expect(await (await run(body)).exit).toBe(why);
  });

  test.each([
    [
      'floods garbage',
      `for (;;) { try { fs.writeSync(3, Buffer.alloc(65536, 0x41)); } catch { process.exit(0); } }`,
      'unreadable',
    ],
    [
      'announces 4 GB',
      `fs.writeSync(3, Buffer.from([255, 255, 255, 255, 0, 0, 0, 2])); ${STAY}`,
      '4294967295 bytes was announced',
    ],
    [
      'sends broken JSON',
      `fs.writeSync(3, Buffer.from([0, 0, 0, 9, 0, 0, 0, 5, 123, 34, 97, 34, 58])); ${STAY}`,
      'unreadable',
    ],
    ['sends what is no message', `tell({ kind: 'surprise' }); ${STAY}`, 'an invalid message'],
    ['sends a face beyond all bounds', `tell({ kind: 'alive', rssBytes: 'many' }); ${STAY}`, 'an invalid message'],
  ])('one that %s is nonsense, and nothing of it is believed', async (_what, body, why) => {
    const ward = await run(body);
    expect(await ward.nonsense).toContain(why);
    expect(ward.messages).toEqual([]);
    ward.process.kill();
    await ward.exit;
  });

  test('a flood is not read on: it breaks on the closed pipe', async () => {
    const ward = await run(`
const rubbish = Buffer.alloc(1 << 16, 0x41);
for (let i = 0; i < 2000; i++) { try { fs.writeSync(3, rubbish); } catch { process.exit(9); } }
`);
    expect(await ward.exit).toBe('it ended with exit code 9');
    expect(ward.complaints).toHaveLength(1);
  });

  test('good messages before the nonsense are heard, none after it', async () => {
    const alive = `pack({ kind: 'alive', rssBytes: 1, busyMs: 0 })`;
    const ward = await run(
      `fs.writeSync(3, ${alive}); fs.writeSync(3, pack({ kind: 'surprise' })); fs.writeSync(3, ${alive}); ${STAY}`,
    );
    await ward.nonsense;
    ward.process.kill();
    await ward.exit;
    expect(ward.messages).toEqual([{ kind: 'alive', rssBytes: 1, busyMs: 0 }]);
  });

  test('one that is silent and does not read is killed when the gate says so, and takes no more than a bounded heap of requests', async () => {
    const ward = await run('setInterval(() => {}, 1000);');
    const photo = Buffer.alloc(16 * 1024 * 1024);
    let taken = 0;
    while (ward.process.send({ kind: 'photo', id: taken }, photo)) taken += 1;
    expect(taken).toBeLessThanOrEqual(6);
    ward.process.kill();
    expect(await ward.exit).toBe('it was ended by SIGKILL');
    expect(() => ward.process.send({ kind: 'photo', id: 99 })).not.toThrow();
  });
});
