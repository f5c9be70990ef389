// pure
import { PACKET_MAX } from '../messages.js';

/** Reason codes of MQTT 5 (2.4) that a broker gives, in words of this page, with what to do about them. */
const REASONS: Readonly<Record<number, readonly [what: string, advice: string]>> = {
  128: ['it does not say why', "look into the broker's log"],
  131: ['it does not want to', "look into the broker's log"],
  133: ['it does not take this client id', 'give another in mqtt.clientId'],
  135: ['not authorised', "let this gate's user name do so in the broker's access list"],
  136: ['it is not available', 'look whether the broker is being started, and for how long'],
  137: ['it is busy', 'the broker needs more of its machine, or fewer clients'],
  139: ['it is being shut down', 'look why the broker is stopped'],
  141: ['it heard nothing from this gate for too long', 'check the network, or raise mqtt.keepaliveSeconds'],
  144: ['it does not take this topic', "look at the broker's limits of topics"],
  147: ['too much was on its way at one time', "raise the broker's receive maximum (Mosquitto: max_inflight_messages)"],
  149: [
    'it is too large',
    `raise the broker's limits (Mosquitto: max_packet_size ${PACKET_MAX}, message_size_limit 0)`,
  ],
  150: ['too many messages in a short time', "raise the broker's limit of messages a second"],
  151: ['its quota is used up', "raise the broker's quota of this gate (memory, disk, messages or connections)"],
  152: ['somebody who runs the broker ended it', 'ask there'],
  153: ['it looks into payloads, and does not take this one', "take the check out of the broker's rules"],
  154: ['it keeps no messages (retain)', 'allow retained messages (Mosquitto: retain_available true)'],
  155: ['it does not acknowledge (QoS 1)', 'allow QoS 1 (Mosquitto: max_qos 2)'],
  156: ['it asks to use another server', 'give that one in mqtt.url'],
  157: ['it has moved', 'give its new address in mqtt.url'],
  159: ['too many connections in a short time', "raise the broker's limit of connections a second"],
};

/** What a broker means by a reason code: in words and what to do, as one sentence; undefined for one that says nothing more than its number. */
export function reasonText(code: unknown): string | undefined {
  const found = typeof code === 'number' ? REASONS[code] : undefined;
  return found && `${found[0]}: ${found[1]}`;
}
