import { expect, test } from 'vitest';
import { notRead } from '../../src/doctor/look-at-people.js';
import { OperatingError } from '../../src/kit/errors.js';

const locked = new OperatingError('KAIMON_SEAL_KEY', 'the key seal (storage.sealKeyFile) is a credential');

test('people whose key only the service can read are not looked at, which is no problem', () => {
  const found = notRead(locked, 'seal-key-that-is-no-file-here', { fault: locked });
  expect(found).toMatchObject({ result: 'ok', text: expect.stringMatching(/^not looked at.*--seal-key FILE/) });
});

test.each([
  ['a key that is named by its path and is missing', locked, '/etc/kaimon/seal.key', locked],
  ['another key than that of the people', locked, 'seal-key-that-is-no-file-here', undefined],
  ['a damaged file', new OperatingError('KAIMON_PEOPLE_CORRUPT', 'damaged'), 'seal-key-that-is-no-file-here', locked],
])('%s is a problem', (_title, thrown, file, fault) => {
  expect(notRead(thrown, file, { fault })).toMatchObject({ what: 'people', result: 'problem' });
});
