// pure
import { type Names, topicsOf } from '../topics.js';

/** A gate as Home Assistant hears of it: enough to find again, and to clear, what was published of it. */
export interface Device extends Names {
  /** Home Assistant's discovery prefix. */
  readonly prefix: string;
}

/** The topics of one gate in Home Assistant. All but the first stand below the gate's own. */
export interface HomeAssistantTopics {
  /** The discovery message, retained. */
  readonly config: string;
  /** The gate's state as JSON, one for all entities, retained. */
  readonly state: string;
  /** Who was let in or refused; never retained. */
  readonly access: string;
  /** What Home Assistant asks for. */
  readonly command: string;
  /** What became of it; never retained. */
  readonly result: string;
  /** JPEGs; never retained, so that the broker's disk keeps none. */
  readonly picture: string;
}

/** Site and gate stand in two levels: in one, `a-b` with `c` and `a` with `b-c` would be the same device. */
export function homeAssistantTopics({ prefix, site, gate }: Device): HomeAssistantTopics {
  const own = `kaimon/${site}/gates/${gate}/home-assistant`;
  return {
    config: `${prefix}/device/kaimon-${site}/${gate}/config`,
    state: `${own}/state`,
    access: `${own}/access`,
    command: `${own}/command`,
    result: `${own}/result`,
    picture: `${own}/picture`,
  };
}

/** Where Home Assistant says that it has started. */
export const statusTopic = (prefix: string): string => `${prefix}/status`;

/** The gate's own state, where the broker's will says that it is offline. */
export const gateStateTopic = (names: Names): string => topicsOf(names).state;

export const sameDevice = (a: Device, b: Device): boolean =>
  a.prefix === b.prefix && a.site === b.site && a.gate === b.gate;
