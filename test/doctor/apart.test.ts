import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { examineApart } from '../../src/doctor/apart.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaimon-apart-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const TELL = `const tell = (part, text) => new Promise((resolve) => process.send(
  { part, findings: text ? [{ what: part, result: 'ok', text }] : [], numbers: text ? { [part]: 1 } : {} }, resolve));
await tell('disk', 'b');
await tell('gate', 'a');
`;

function examined(program: string, limitMs: number) {
  const file = join(folder, 'doctor.mjs');
  writeFileSync(file, `${TELL}${program}`);
  return examineApart({ limitMs, parts: ['gate', 'keys', 'disk', 'camera'], command: [file] });
}
const CAME = [
  { what: 'gate', result: 'ok', text: 'a' },
  { what: 'disk', result: 'ok', text: 'b' },
];

test('what is found part by part is put together in the order of the screen', async () => {
  const found = await examined('await tell(); await new Promise((resolve) => setTimeout(resolve, 60_000));', 60_000);
  expect(found).toEqual({ findings: CAME, numbers: { gate: 1, disk: 1 } });
});

test('of a doctor that hangs in its only thread all is told that came before, and the rest is named', async () => {
  const hangs = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';
  const late = { what: 'doctor', result: 'problem', text: 'no answer within 3 s: keys, camera' };
  expect(await examined(hangs, 3_000)).toMatchObject({ findings: [...CAME, late] });
});

test('of a doctor that is ended by a package all is told that came before', async () => {
  const ended = { what: 'doctor', result: 'problem', text: 'it was ended by SIGSEGV' };
  expect(await examined("process.kill(process.pid, 'SIGSEGV');", 60_000)).toMatchObject({ findings: [...CAME, ended] });
});

test('a command that has said itself what is wrong ends as it did', async () => {
  const file = join(folder, 'doctor.mjs');
  writeFileSync(file, 'process.exit(2);');
  expect(await examineApart({ limitMs: 60_000, parts: ['gate'], command: [file] })).toEqual({ exitCode: 2 });
});
