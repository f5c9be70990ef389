// node test/rig/junk-lists.mjs: how long the event loop of a gate is held by one list of keys that nobody has signed, of the largest kinds that its
// limits let in. Needs `npm run build`.
import { Keyring } from '../../dist/keys/keyring.js';
import { newSigningKey } from '../../dist/keys/signing-key.js';
import { trustText } from '../../dist/keys/trust-list.js';
import { takeList } from '../../dist/site/taken-list.js';

const TIMES = 15;
const site = newSigningKey().key;
const keyring = new Keyring({ site: 'home', siteKeys: [site.publicKey], now: Date.now });
const head = (serial) => ({ v: 1, site: 'home', serial, issued: '2026-11-24T08:00:00.000Z', key: site.id });
const own = { ...head(7), keys: [] };
keyring.take({ ...own, signature: site.sign(trustText(own)) });

const signature = `${'A'.repeat(86)}==`;
const key = (i, gates) => ({
  id: i.toString(16).padStart(16, '0'),
  name: `k${i}`,
  publicKey: `${'A'.repeat(43)}=`,
  roles: ['enrol', 'open', 'remove', 'read', 'admin', 'gate'],
  gates,
  revoked: '2026-11-24T08:00:00.000Z',
});
const many = (count, make) => Array.from({ length: count }, (_, i) => make(i));
const kinds = {
  '500 keys, each for some gates': (n) =>
    many(500, (i) =>
      key(
        i,
        many(n, (g) => `gate-${g}`),
      ),
    ),
  'numbers in place of keys': (n) => many(n, () => 7),
  'objects in place of keys': (n) => many(n, (i) => ({ [`k${i}`]: i })),
  'one long text': (n) => ['é'.repeat(n)],
};
/** The most of a kind that the limits let in: what is more is refused as too large. */
function largest(make, serial) {
  const list = (n) => Buffer.from(JSON.stringify({ ...head(serial), keys: make(n), signature }));
  const fits = (n) => takeList(list(n), () => ({ kind: 'same' })).kind !== 'refused';
  let low = 1;
  while (fits(low * 2)) low *= 2;
  for (let step = low >> 1; step > 0; step >>= 1) if (fits(low + step)) low += step;
  return list(low);
}
for (const [name, make] of Object.entries(kinds))
  for (const [serial, what] of [
    [8, 'with a newer number'],
    [6, 'with an older one'],
  ]) {
    const payload = largest(make, serial);
    const took = many(TIMES, () => {
      const began = performance.now();
      takeList(payload, (document) => keyring.take(document));
      return performance.now() - began;
    }).sort((a, b) => a - b);
    const [median, most] = [took[TIMES >> 1], took.at(-1)].map((ms) => ms.toFixed(1));
    process.stdout.write(`${name}, ${what}: ${Math.round(payload.length / 1024)} KiB, ${median} ms (most ${most})\n`);
  }
