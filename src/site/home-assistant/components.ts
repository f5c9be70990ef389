// pure
import { COMMAND_LIFE_MS, type Command, commandsOf, type Options } from './options.js';
import { gateStateTopic, homeAssistantTopics } from './topics.js';

/** One entity, in Home Assistant's abbreviated keys. */
export type Component = Readonly<Record<string, unknown>> & { readonly p: string };

/** What is said about an entity that is offered; topic, ids and name's place are added. */
type Entity = Readonly<Record<string, unknown>>;

/** Payload that Home Assistant's template makes of a press or of a call. The time makes each one new, and old ones known as such. */
const COMMAND_TEMPLATE = '{"command":"{{ value }}","at":{{ utcnow().timestamp() }} }';

/** Event types of who came. */
export const ACCESS_TYPES = ['granted', 'refused', 'picture'] as const;
/** Event types of what Home Assistant asked for. */
export const RESULT_TYPES = ['done', 'refused'] as const;

/** Home Assistant's name of a thing: `north-gate` is `north_gate`. */
const slug = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, '_');

/** What the device is called; the ids of its entities begin with it. */
export const deviceName = ({ device: { site, gate } }: Options): string => `Kaimon ${site} ${gate}`;

/**
 * All entities that a gate can have, by their place. One that this gate does not offer stands there with its platform only, which
 * takes it out of Home Assistant where it was offered before; leaving it out would not.
 */
export function componentsOf(options: Options): Readonly<Record<string, Component>> {
  const { device, names, commands, picture, wires } = options;
  const topics = homeAssistantTopics(device);
  const root = gateStateTopic(device).replace(/\/state$/, '');
  const below = (topic: string) => `~${topic.slice(root.length)}`;
  const state = { stat_t: below(topics.state) };
  const value = (key: string) => ({ ...state, val_tpl: `{{ value_json.${key} }}` });
  const diagnostic = { ent_cat: 'diagnostic' };
  const camera = { avty: availabilityOf(options, 'camera') };
  const asked = (what: Command, text: string) =>
    (what === 'picture' ? picture !== 'none' : commands.includes(what)) && {
      cmd_t: below(topics.command),
      cmd_tpl: COMMAND_TEMPLATE,
      pl_prs: text,
      qos: 1,
      msg_exp_int: COMMAND_LIFE_MS / 1000,
    };
  const make = (p: string, id: string, name: string | null, entity: Entity | false): Component => {
    if (!entity) return { p };
    const { site, gate } = device;
    const ids = { uniq_id: `kaimon-${site}/${gate}/${id}` };
    const shown = name === null ? deviceName(options) : `${deviceName(options)} ${name}`;
    return { '~': root, p, name, ...ids, def_ent_id: `${p}.${slug(shown)}`, ...entity };
  };
  return {
    lock: make(
      'lock',
      'lock',
      null,
      commands.length > 0 && { ...value('lock'), ...lockCommands(options, below(topics.command)) },
    ),
    bolt: make('binary_sensor', 'bolt', 'Bolt', commands.length === 0 && { ...value('bolt'), dev_cla: 'lock' }),
    access: make('event', 'access', 'Access', { ...camera, stat_t: below(topics.access), evt_typ: ACCESS_TYPES }),
    door: make('binary_sensor', 'door', 'Door', wires.contact && { ...value('contact'), dev_cla: 'door' }),
    forced: make('binary_sensor', 'forced', 'Forced', wires.contact && { ...value('forced'), dev_cla: 'safety' }),
    held: make('binary_sensor', 'held', 'Held open', wires.contact && { ...value('held'), dev_cla: 'problem' }),
    tamper: make('binary_sensor', 'tamper', 'Tamper', wires.tamper && { ...value('tamper'), dev_cla: 'tamper' }),
    fire: make('binary_sensor', 'fire', 'Fire', wires.fire && { ...value('fire'), dev_cla: 'smoke' }),
    problem: make('binary_sensor', 'problem', 'Problem', {
      ...value('problem'),
      ...diagnostic,
      dev_cla: 'problem',
      json_attr_t: state.stat_t,
      json_attr_tpl: "{{ {'problems': value_json.problems} | tojson }}",
    }),
    connectivity: make('binary_sensor', 'connectivity', 'Connection', {
      stat_t: '~/state',
      val_tpl: "{{ 'OFF' if value_json.status == 'offline' else 'ON' }}",
      ...diagnostic,
      dev_cla: 'connectivity',
      // It says itself that the gate is away.
      avty: [],
    }),
    mode: make('sensor', 'mode', 'Mode', {
      ...value('mode'),
      dev_cla: 'enum',
      ops: ['normal', 'locked', 'open-house'],
    }),
    passages: make('sensor', 'passages', 'Passages', {
      ...value('passages'),
      stat_cla: 'total_increasing',
      json_attr_t: state.stat_t,
      json_attr_tpl: '{{ value_json.passages_by | tojson }}',
    }),
    people: make('sensor', 'people', 'People', { ...value('people'), ...diagnostic, stat_cla: 'measurement' }),
    frames: make('sensor', 'frames', 'Camera frames', {
      ...value('fps'),
      ...diagnostic,
      ...camera,
      stat_cla: 'measurement',
      unit_of_meas: 'fps',
    }),
    person: make(
      'sensor',
      'person',
      'Last person',
      names && {
        ...value('person'),
        json_attr_t: state.stat_t,
        json_attr_tpl: '{{ value_json.person_more | tojson }}',
      },
    ),
    picture: make(
      'image',
      'picture',
      'Picture',
      picture !== 'none' && {
        ...camera,
        img_t: below(topics.picture),
        cont_type: 'image/jpeg',
      },
    ),
    lock_now: make('button', 'lock_now', 'Lock now', asked('lock', 'LOCK')),
    let_in: make('button', 'let_in', 'Let one in', asked('open', 'OPEN')),
    take_picture: make('button', 'take_picture', 'Take a picture', asked('picture', 'PICTURE')),
    result: make(
      'event',
      'result',
      'Command',
      commandsOf(options).length > 0 && {
        stat_t: below(topics.result),
        ...diagnostic,
        evt_typ: RESULT_TYPES,
      },
    ),
  };
}

/**
 * Home Assistant always shows "unlock". Where only `open` is offered it lets one person in: the door locks again by itself, and the
 * state follows.
 */
function lockCommands({ commands }: Options, topic: string): Entity {
  const onlyOpen = commands.includes('open') && !commands.includes('unlock');
  return {
    cmd_t: topic,
    cmd_tpl: COMMAND_TEMPLATE,
    pl_lock: 'LOCK',
    pl_unlk: onlyOpen ? 'OPEN' : 'UNLOCK',
    ...(commands.includes('open') && { pl_open: 'OPEN' }),
    qos: 1,
    // Home Assistant without MQTT 5, and those before 2026, leave it out; the time in the payload says the same.
    msg_exp_int: COMMAND_LIFE_MS / 1000,
  };
}

/** The gate is connected, as the broker knows it, and the part that the entity is about works. All must be so. */
export const availabilityOf = ({ device }: Options, part: 'door' | 'camera'): readonly Entity[] => [
  { t: gateStateTopic(device), val_tpl: "{{ 'offline' if value_json.status == 'offline' else 'online' }}" },
  { t: homeAssistantTopics(device).state, val_tpl: `{{ value_json.available.${part} }}` },
];
