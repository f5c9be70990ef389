import { expect, test } from 'vitest';
import { defaultConfig } from '../../src/config/config.js';
import { doctorsEye } from '../../src/doctor/look-at-eye.js';

const { eye } = defaultConfig;
const HERE = '/proc/self/exe';

test.each([
  ['root has the unit of the services for it', eye, HERE, 0, HERE],
  ['root has none where no service is installed', eye, '/nowhere', 0, null],
  ['others have their sandbox', eye, HERE, 1000, null],
  ['a socket that is configured stays', { ...eye, socket: '/run/mine' }, HERE, 0, '/run/mine'],
])("the doctor's own eye: %s", (_title, given, socket, uid, expected) => {
  expect(doctorsEye(given, socket, uid)).toEqual({ ...eye, socket: expected });
});
