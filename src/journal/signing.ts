/** Signs the head and the checkpoint with the key of the configuration, and checks signatures. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { messageOf, OperatingError } from '../kit/errors.js';
import type { SignatureCheck, Signer } from './head.js';

/**
 * What signs with a private key.
 * @param pem an Ed25519 private key as `openssl genpkey -algorithm ed25519` writes it @param file for the error
 * @throws OperatingError KAIMON_JOURNAL_KEY
 */
export function signerOf(pem: Buffer, file: string): Signer {
  const key = load(pem, file, createPrivateKey);
  return {
    key: fingerprint(createPublicKey(key)),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
  };
}

/**
 * What checks the signatures of a key.
 * @param pem the public key, or the private one, whose public half is taken
 * @throws OperatingError KAIMON_JOURNAL_KEY
 */
export function signatureCheckOf(pem: Buffer, file: string): SignatureCheck {
  const key = load(pem, file, createPublicKey);
  return {
    key: fingerprint(key),
    verify: (text, signature) => verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64')),
  };
}

function load(pem: Buffer, file: string, read: (pem: Buffer) => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read(pem);
  } catch (cause) {
    throw unusable(file, messageOf(cause), { cause });
  }
  if (key.asymmetricKeyType !== 'ed25519') throw unusable(file, `it is of type ${key.asymmetricKeyType}`);
  return key;
}

const fingerprint = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);

const unusable = (file: string, why: string, options?: ErrorOptions): OperatingError =>
  new OperatingError(
    'KAIMON_JOURNAL_KEY',
    `cannot use ${file} as key of the journal: ${why}; an Ed25519 key in PEM is needed (openssl genpkey -algorithm ed25519)`,
    options,
  );
