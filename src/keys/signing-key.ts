/** Ed25519 keys as the site has them: the private half in a PEM file, the public one as 44 characters of base64. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { messageOf, OperatingError } from '../kit/errors.js';

/** The public half: 32 bytes in base64. */
export const PUBLIC_KEY = /^[A-Za-z0-9+/]{43}=$/;
/** A signature: 64 bytes in base64. */
export const SIGNATURE = /^[A-Za-z0-9+/]{86}==$/;
/** Names a key: the beginning of the SHA-256 of its public half in DER (SPKI), as the head of a journal names its own. */
export const KEY_ID = /^[0-9a-f]{16}$/;

export interface SigningKey {
  readonly id: string;
  /** Base64. */
  readonly publicKey: string;
  /** @returns base64 */
  sign(text: string): string;
}

export interface CheckingKey {
  readonly id: string;
  verify(text: string, signature: string): boolean;
}

/** A new key. @param pem what its file holds */
export function newSigningKey(): { readonly pem: string; readonly key: SigningKey } {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), key: signingKey(privateKey) };
}

/** @param file for the error @throws OperatingError KAIMON_KEYS */
export function readSigningKey(pem: Buffer, file: string): SigningKey {
  const fail = (why: string, cause?: unknown) =>
    new OperatingError('KAIMON_KEYS', `cannot use ${file}: ${why}; \`kaimon keys add\` makes one`, { cause });
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw fail(`it is no private key in PEM (${messageOf(cause)})`, cause);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw fail(`it is of type ${key.asymmetricKeyType}, not Ed25519`);
  return signingKey(key);
}

function signingKey(key: KeyObject): SigningKey {
  const publicKey = createPublicKey(key);
  return {
    id: idOf(publicKey),
    publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64'),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
  };
}

/** What checks the signatures of a key. @param publicKey matches {@link PUBLIC_KEY} @throws Error where it is no point of the curve */
export function checkingKey(publicKey: string): CheckingKey {
  const x = Buffer.from(publicKey, 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return {
    id: idOf(key),
    verify: (text, signature) => verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64')),
  };
}

const idOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
