import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EyeChild } from '../../src/eye/child-process.js';
import type { FromEye } from '../../src/eye/protocol.js';
import { tempFolder } from '../store/sample.js';

/** A real child process and what the gate learned of it. */
interface RunningChild {
  readonly process: EyeChild;
  readonly messages: readonly FromEye[];
  readonly blobs: readonly string[];
  readonly faults: readonly string[];
  readonly output: Promise<string>;
  readonly invalid: Promise<string>;
  readonly exit: Promise<string>;
  readonly message: Promise<FromEye>;
}

/** The start of each program: `send(json, blob)` writes one message to the gate. */
const SEND = `
const fs = require('node:fs');
const pack = (json, blob = '') => {
  const text = Buffer.from(JSON.stringify(json)), raw = Buffer.from(blob), head = Buffer.alloc(8);
  head.writeUInt32BE(4 + text.length + raw.length, 0);
  head.writeUInt32BE(text.length, 4);
  return Buffer.concat([head, text, raw]);
};
const send = (json, blob) => fs.writeSync(3, pack(json, blob));
`;

async function run(body: string): Promise<RunningChild> {
  const file = join(await tempFolder(), 'eye.cjs');
  writeFileSync(file, SEND + body);
  const messages: FromEye[] = [];
  const blobs: string[] = [];
  const faults: string[] = [];
  let onMessage: (message: FromEye) => void = () => undefined;
  let onInvalid: (why: string) => void = () => undefined;
  let onExit: (why: string) => void = () => undefined;
  let onOutput: (line: string) => void = () => undefined;
  const output = new Promise<string>((resolve) => {
    onOutput = resolve;
  });
  const message = new Promise<FromEye>((resolve) => {
    onMessage = resolve;
  });
  const invalid = new Promise<string>((resolve) => {
    onInvalid = resolve;
  });
  const exit = new Promise<string>((resolve) => {
    onExit = resolve;
  });
  const child = new EyeChild(
    {
      onMessage: (one, blob) => {
        messages.push(one);
        blobs.push(blob.toString());
        onMessage(one);
      },
      onInvalid: (why) => {
        faults.push(why);
        onInvalid(why);
      },
      onOutput,
      onExit,
    },
    file,
  );
  onTestFinished(async () => {
    child.kill();
    await exit;
  });
  return { process: child, messages, blobs, faults, output, invalid, exit, message };
}

/** Length of one sign of life, in bytes. */
const ALIVE_BYTES = 8 + JSON.stringify({ kind: 'alive', rssBytes: 1, busyMs: 0 }).length;

const STAY = 'process.stdin.resume();';

describe('a real eye process', () => {
  test('its messages and pictures arrive', async () => {
    const child = await run(`send({ kind: 'snapshot', id: 1, ok: true }, 'jpeg'); ${STAY}`);
    expect(await child.message).toEqual({ kind: 'snapshot', id: 1, ok: true });
    expect(child.blobs).toEqual(['jpeg']);
    expect(child.process.pid).toBeGreaterThan(0);
  });

  test('what it prints comes to the gate, a line at a time and without control characters', async () => {
    const child = await run(`process.stderr.write('Corrupt\\u001bJPEG\\n'); ${STAY}`);
    expect(await child.output).toBe('Corrupt JPEG');
  });

  test('one that prints more than any log takes is not held by it', async () => {
    const child = await run(
      `for (let n = 0; n < 1000; n++) fs.writeSync(2, 'x'.repeat(200) + '\\n'); send({ kind: 'ready', encoder: 'x@0' });${STAY}`,
    );
    expect(await child.message).toMatchObject({ kind: 'ready' });
  });

  test('requests and photos reach it', async () => {
    const child = await run(`
process.stdin.once('data', (chunk) => send({ kind: 'fault', code: 'x', message: chunk.toString('latin1', 8) }));
`);
    expect(child.process.send({ kind: 'photo', id: 5, turn: false }, Buffer.from('photo'))).toBe(true);
    expect(await child.message).toMatchObject({ message: '{"kind":"photo","id":5,"turn":false}photo' });
  });

  test.each([
    ['ends by itself', 'process.exit(3)', 'it ended with exit code 3'],
    ['is killed', `process.kill(process.pid, 'SIGSEGV'); ${STAY}`, 'it was ended by SIGSEGV'],
  ])('one that %s is reported with the reason', async (_what, body, why) => {
    expect(await (await run(body)).exit).toBe(why);
  });

  test.each([
    [
      'floods garbage',
      `for (;;) { try { fs.writeSync(3, Buffer.alloc(65536, 0x41)); } catch { process.exit(0); } }`,
      'unreadable',
    ],
    [
      'announces a message of 4 GB',
      `fs.writeSync(3, Buffer.from([255, 255, 255, 255, 0, 0, 0, 2])); ${STAY}`,
      '4294967295 bytes was announced',
    ],
    [
      'sends broken JSON',
      `fs.writeSync(3, Buffer.from([0, 0, 0, 9, 0, 0, 0, 5, 123, 34, 97, 34, 58])); ${STAY}`,
      'unreadable',
    ],
    [
      'announces more JSON than any observation has',
      `fs.writeSync(3, Buffer.from([0, 16, 0, 4, 0, 16, 0, 0])); ${STAY}`,
      'JSON of 1048576 bytes was announced',
    ],
    ['sends a text without end', `send({ kind: 'ready', encoder: 'x'.repeat(65) }); ${STAY}`, 'an invalid message'],
    ['sends an unknown kind of message', `send({ kind: 'surprise' }); ${STAY}`, 'an invalid message'],
    ['sends a message with a wrong value', `send({ kind: 'alive', rssBytes: 'many' }); ${STAY}`, 'an invalid message'],
  ])('one that %s is rejected, and nothing of it is used', async (_what, body, why) => {
    const child = await run(body);
    expect(await child.invalid).toContain(why);
    expect(child.messages).toEqual([]);
    child.process.kill();
    await child.exit;
  });

  test('a flood of garbage is not read to its end: the pipe is closed', async () => {
    const child = await run(`
const rubbish = Buffer.alloc(1 << 16, 0x41);
for (let i = 0; i < 2000; i++) { try { fs.writeSync(3, rubbish); } catch { process.exit(9); } }
`);
    expect(await child.exit).toBe('it ended with exit code 9');
    expect(child.faults).toHaveLength(1);
  });

  test('while it sends without a pause, the rest of the gate gets its turn between any two chunks', async () => {
    const child = await run(`
const many = Buffer.concat(Array.from({ length: 2000 }, () => pack({ kind: 'alive', rssBytes: 1, busyMs: 0 })));
for (let i = 0; i < 40; i++) fs.writeSync(3, many);
process.exit(0);
`);
    let atOnce = 0;
    let before = 0;
    let watching = true;
    const turn = () => {
      atOnce = Math.max(atOnce, child.messages.length - before);
      before = child.messages.length;
      if (watching) setImmediate(turn);
    };
    turn();
    await child.exit;
    watching = false;
    // Node reads at most 64 KiB at a time, and libuv up to 32 times in a row if it is let.
    const perChunk = Math.ceil(65_536 / ALIVE_BYTES);
    expect(atOnce).toBeGreaterThan(0);
    expect(atOnce).toBeLessThanOrEqual(perChunk);
  }, 120_000);

  test('valid messages before an invalid one are used, none after it', async () => {
    const alive = `pack({ kind: 'alive', rssBytes: 1, busyMs: 0 })`;
    const child = await run(
      `fs.writeSync(3, ${alive}); fs.writeSync(3, pack({ kind: 'surprise' })); fs.writeSync(3, ${alive}); ${STAY}`,
    );
    await child.invalid;
    child.process.kill();
    await child.exit;
    expect(child.messages).toEqual([{ kind: 'alive', rssBytes: 1, busyMs: 0 }]);
  });

  test('one that sends nothing and reads nothing is killed when the gate says so, and only so many requests wait for it', async () => {
    const child = await run('setInterval(() => {}, 1000);');
    const photo = Buffer.alloc(16 * 1024 * 1024);
    let taken = 0;
    while (child.process.send({ kind: 'photo', id: taken, turn: false }, photo)) taken += 1;
    expect(taken).toBeLessThanOrEqual(6);
    child.process.kill();
    expect(await child.exit).toBe('it was ended by SIGKILL');
    expect(() => child.process.send({ kind: 'photo', id: 99, turn: false })).not.toThrow();
  });
});
