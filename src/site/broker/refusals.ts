import { messageOf, OperatingError } from '../../kit/errors.js';
import type { Link } from '../link/link.js';

/** People and passages say it themselves (`people-not-shared`), with what that means. */
const OTHERS_SAY_IT = /^kaimon\/[^/]+\/(people|passages)\//;

/** The part of this gate that a topic is for: its last word, or that answers are sent there. */
const partOf = (topic: string): string => (/\/response\//.test(topic) ? 'response' : (topic.split('/').at(-1) ?? ''));

/**
 * The same link, which tells what the broker refuses: a part of this gate that may not publish is a problem until it may. Only a broker that
 * refuses in so many words is meant, as with MQTT 5; with 3.1.1 a broker acknowledges what it throws away, or closes the connection.
 * @param onProblem a sentence for the state; undefined when it is over
 */
export function watchRefusals(link: Link, onProblem: (part: string, text: string | undefined) => void): Link {
  return {
    get up() {
      return link.up;
    },
    get trouble() {
      return link.trouble;
    },
    get packetMax() {
      return link.packetMax;
    },
    start: () => link.start(),
    async publish(topic, payload, options) {
      const part = `refused ${partOf(topic)}`;
      try {
        await link.publish(topic, payload, options);
      } catch (thrown) {
        const refused = thrown instanceof OperatingError && thrown.code === 'KAIMON_MQTT_REFUSED';
        if (refused && !OTHERS_SAY_IT.test(topic)) onProblem(part, `broker-refuses: ${sentence(topic, thrown)}`);
        throw thrown;
      }
      onProblem(part, undefined);
    },
    subscribe: (filters) => link.subscribe(filters),
    unsubscribe: (filters) => link.unsubscribe(filters),
    onMessage: (listener) => link.onMessage(listener),
    onUp: (listener) => link.onUp(listener),
    onDown: (listener) => link.onDown(listener),
    onOversized: (listener) => link.onOversized(listener),
    end: () => link.end(),
  };
}

/** The topic of an answer differs each time, and the sentence must not. */
const sentence = (topic: string, thrown: unknown): string =>
  partOf(topic) === 'response' ? messageOf(thrown).replace(topic, 'answers to requests') : messageOf(thrown);
