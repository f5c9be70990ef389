import { z } from 'zod';
import { between, fileOrNull, flag, text, textOrNull, whole } from '../field.js';

const protocol = z
  .union([z.literal('auto'), z.literal(4), z.literal(5)])
  .default('auto')
  .describe('MQTT version: 5, 4 (that is 3.1.1), or auto for 5 with a fall-back to 3.1.1 (one of auto, 4, 5).');

/** The broker. */
export const mqttSection = z
  .strictObject({
    enabled: flag('Connect to a broker', false),
    url: text(
      'The broker; mqtts:// is encrypted. User and password never stand in here',
      /^mqtts?:\/\/[^\s@/?#\p{Cc}]{1,255}\/?$/u,
      'mqtt:// or mqtts:// with host and port, without user and password',
      'mqtt://127.0.0.1:1883',
    ),
    protocol,
    clientId: textOrNull(
      'Client id at the broker; null makes one from site and gate',
      /^[A-Za-z0-9_.:-]{1,64}$/,
      'letters, digits and _ . : -, 1–64 characters',
    ),
    username: textOrNull('User name at the broker', /^[^\p{Cc}]{1,256}$/u, 'a text of 1–256 characters'),
    passwordFile: fileOrNull('File that holds the password; a bare name is a systemd credential'),
    caFile: fileOrNull("File of the certificate authority that signed the broker's certificate (PEM)"),
    certFile: fileOrNull('File of the certificate that this gate shows to the broker (PEM)'),
    keyFile: fileOrNull('File of the private key of certFile (PEM)'),
    keepaliveSeconds: whole(
      'A broker that is silent for one and a half times this long counts as lost',
      { unit: 'seconds', min: 5, max: 3600 },
      30,
    ),
    snapshots: flag('Answer the request snapshot with a picture of whoever stands before the camera', true),
  })
  .refine(
    ({ certFile, keyFile }) => (certFile === null) === (keyFile === null),
    between(['certFile', 'keyFile'], 'certFile', 'mqtt.certFile and mqtt.keyFile go together'),
  )
  .refine(
    ({ username, passwordFile }) => passwordFile === null || username !== null,
    between(['username', 'passwordFile'], 'username', 'mqtt.passwordFile needs mqtt.username'),
  )
  .refine(
    ({ url, caFile, certFile }) => /^mqtts:/.test(url) || (caFile === null && certFile === null),
    // Without this rule, certificates beside mqtt:// would look like encryption although nothing is encrypted.
    between(['url', 'caFile', 'certFile'], 'url', 'mqtt.caFile and mqtt.certFile need an mqtts:// url'),
  );
