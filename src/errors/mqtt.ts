// pure
import type { ErrorRow } from './error-row.js';

export const MQTT_ERRORS = {
  KAIMON_MQTT_CONFIG: {
    kind: 'usage',
    meaning: '`mqtt.url` is wrong, or a certificate is given without its key',
    advice: 'correct section `mqtt`',
  },
  KAIMON_MQTT_DOWN: {
    kind: 'environment',
    meaning: 'the broker is away',
    advice: 'nothing: it is tried again for ever',
  },
  KAIMON_MQTT_TIMEOUT: {
    kind: 'environment',
    meaning: 'no acknowledgement within 10 s',
    advice: 'check broker and network',
  },
  KAIMON_MQTT_FULL: {
    kind: 'environment',
    meaning: 'as many messages wait as there is room for',
    advice: 'the broker is too slow or away',
  },
  KAIMON_MQTT_REFUSED: {
    kind: 'environment',
    meaning: 'the broker refused a message or subscription',
    advice: 'check its access list',
  },
  KAIMON_MQTT_ENDED: {
    kind: 'environment',
    meaning: 'a message after the connection was closed; seen only while stopping',
    advice: 'nothing',
  },
  KAIMON_GATE_SILENT: {
    kind: 'environment',
    meaning: 'a gate does not answer over the broker',
    advice: 'see that the gate runs and is connected; an import goes on where it was when the command is given again',
  },
  KAIMON_KEYS: {
    kind: 'environment',
    meaning: 'a key or list of keys cannot be read, is of another kind, or the name is not in it',
    advice: 'the message names it; `kaimon keys list`',
  },
  KAIMON_BROKER_LISTEN: {
    kind: 'environment',
    meaning: "the demo's own broker cannot listen on its port",
    advice: 'stop the program that listens there',
  },
} as const satisfies Readonly<Record<`KAIMON_${string}`, ErrorRow>>;
