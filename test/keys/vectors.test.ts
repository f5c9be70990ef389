import { spawnSync } from 'node:child_process';
import * as crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import { describe, expect, test } from 'vitest';
import { Keyring } from '../../src/keys/keyring.js';
import { type RequestTarget, recordText, requestText } from '../../src/keys/signed-text.js';
import { checkingKey, readSigningKey } from '../../src/keys/signing-key.js';
import { trustText } from '../../src/keys/trust-list.js';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const vectors = JSON.parse(read('../fixtures/keys/vectors.json'));
const page = read('../../docs/keys.md');
const example = (language: string) => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(page)?.[1] ?? '';
const { site, office } = vectors.keys;
const officeKey = readSigningKey(Buffer.from(office.pem), 'office');
const target: RequestTarget = { site: 'home', gate: 'north', verb: 'open' };

describe('the vectors that docs/keys.md names', () => {
  test('ids and public keys', () => {
    for (const { pem, id, publicKey } of [site, office]) {
      expect(readSigningKey(Buffer.from(pem), 'key')).toMatchObject({ id, publicKey });
      expect(checkingKey(publicKey).id).toBe(id);
    }
  });

  test('texts and signatures; Ed25519 has one signature for a text', () => {
    const { list, requests, record } = vectors;
    expect(trustText(list.document)).toBe(list.text);
    expect(readSigningKey(Buffer.from(site.pem), 'site').sign(list.text)).toBe(list.signature);
    const keyring = new Keyring({ site: 'home', siteKeys: [site.publicKey], now: () => 0 });
    expect(keyring.take({ ...list.document, signature: list.signature }).kind).toBe('taken');
    for (const { target: of, document, text, signature } of requests) {
      expect(requestText(of, document)).toBe(text);
      expect(officeKey.sign(text)).toBe(signature);
    }
    expect(recordText(record.site, record.kind, record.id, record.document)).toBe(record.text);
    expect(officeKey.sign(record.text)).toBe(record.signature);
  });
});

/** Whether a gate takes what a program of the page has signed. */
function isTaken(json: string, of: RequestTarget): boolean {
  const request = JSON.parse(json);
  return request.key === office.id && checkingKey(office.publicKey).verify(requestText(of, request), request.signature);
}

const ARGS = {
  name: 'Zoë 開門',
  groups: ['staff', 'ops'],
  force: true,
  validUntil: null,
  offset: 12,
  photo: '/9j/4AAQSkZJRg==',
};
const python = spawnSync('python3', ['-c', 'import cryptography']).status === 0;

test.skipIf(!python)('the Python of the page signs as gates check', () => {
  const call = `import sys\nprint(signed_request(${JSON.stringify(office.pem)}.encode(), "home", "north", "open", json.loads(sys.argv[1])))`;
  const { stdout, stderr } = spawnSync('python3', ['-c', `${example('python')}\n${call}`, JSON.stringify(ARGS)], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(isTaken(stdout, target)).toBe(true);
  expect(isTaken(stdout, { ...target, verb: 'mode' })).toBe(false);
});
if (!python) console.log('keys: the Python of docs/keys.md is skipped: the package cryptography is missing');

test('the function node of the page signs as gates check', () => {
  const context = { crypto, Buffer, msg: { payload: ARGS }, env: { get: () => office.pem } };
  const message = vm.runInNewContext(`(() => {${example('javascript')}})()`, context);
  expect(message.topic).toBe('kaimon/home/gates/north/request/open');
  expect(isTaken(message.payload, target)).toBe(true);
});
