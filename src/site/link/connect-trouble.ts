// pure
import { reasonText } from './reason-codes.js';

/** What is known of a connection that ended before the broker had greeted this gate. */
export interface FailedConnect {
  /** What was said by the last error, or that the connection was closed. */
  readonly why: string;
  /** Code of the last error: a word of Node or OpenSSL, or the reason code of the broker's answer. */
  readonly code: string | number | undefined;
  readonly encrypted: boolean;
  /** First byte that came; undefined where none did. */
  readonly firstByte: number | undefined;
  /** Whether `mqtt.username` is set. */
  readonly named: boolean;
}

/** MQTT 3.1.1, 3.2.2.3: bad user name or password, not authorised; MQTT 5, 3.2.2.2: the same, and banned. */
const REFUSED_WHO = new Set([4, 5, 134, 135, 138]);
/** MQTT 3.1.1, 3.2.2.3: the reasons that have a code of their own in MQTT 5. */
const REASON_OF_3: Readonly<Record<number, number>> = { 2: 133, 3: 136 };
/** RFC 8446, 5.1: an answer in TLS begins with an alert. No MQTT packet for a client does. */
const TLS_ALERT = 0x15;
const UNKNOWN_SIGNER = /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/;

/** Why the broker could not be reached, with the keys of the configuration to look at. */
export function connectTrouble({ why, code, encrypted, firstByte, named }: FailedConnect): string {
  if (typeof code === 'number') return refused(why, code, named);
  if (/connack timeout/i.test(why)) return `the broker takes the connection and does not answer: ${HANGS}`;
  if (!encrypted) return plainTrouble(why, code, firstByte);
  const word = code ?? '';
  if (UNKNOWN_SIGNER.test(word))
    return `${why}: mqtt.caFile must name the authority that signed the broker's certificate`;
  if (word === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${why}: mqtt.url must have the name that the broker's certificate has`;
  if (/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/.test(word))
    return `${why}: renew the broker's certificate, or set this machine's clock`;
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA/.test(word))
    return `${why}: the broker may want a certificate of this gate: mqtt.certFile and mqtt.keyFile`;
  if (/WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH/.test(word) || word === 'ECONNRESET' || word === '')
    return `${why}: the broker's port seems to be one without TLS: set mqtt.url to mqtt://, or to the broker's port for TLS (mostly 8883)`;
  return why;
}

/** What to do about a broker that hangs. */
export const HANGS = 'it hangs or is overloaded: look at its machine and its log, and start it anew';

function refused(why: string, code: number, named: boolean): string {
  if (REFUSED_WHO.has(code)) return `the broker does not let this gate in (${why}): ${who(named)}`;
  const reason = reasonText(REASON_OF_3[code] ?? code);
  return reason === undefined ? why : `the broker does not let this gate in: ${reason}`;
}

const who = (named: boolean): string =>
  named
    ? 'check mqtt.username and mqtt.passwordFile, and whether the broker knows them and lets this gate write its own state'
    : 'it wants a user name and a password: set mqtt.username and mqtt.passwordFile';

function plainTrouble(why: string, code: string | undefined, firstByte: number | undefined): string {
  const advice = "set mqtt.url to mqtts://, or to the broker's port without TLS (mostly 1883)";
  if (firstByte === TLS_ALERT) return `the broker answers in TLS: ${advice}`;
  const closed = code === undefined || code === 'ECONNRESET' || code === 'EPIPE';
  if (!closed || firstByte !== undefined) return why;
  return `${why} without an answer: if its port wants TLS, ${advice}; else the broker has too many clients or too little memory (see its log)`;
}
