import { DOOR_AT_START } from '../../../src/door/door.js';
import type { Clock } from '../../../src/kit/clock.js';
import { type Log, silentLog } from '../../../src/kit/log.js';
import type { DoorOrders } from '../../../src/site/home-assistant/command-server.js';
import { HomeAssistant, type HomeAssistantParts } from '../../../src/site/home-assistant/home-assistant.js';
import type { Options } from '../../../src/site/home-assistant/options.js';
import { PublishedDevices } from '../../../src/site/home-assistant/published-file.js';
import type { GateFacts } from '../../../src/site/home-assistant/state.js';
import type { Link } from '../../../src/site/link/link.js';

/** A gate that offers nothing but what it always does. */
export const shy: Options = {
  device: { prefix: 'homeassistant', site: 'home', gate: 'north' },
  version: '0.1.0',
  names: false,
  commands: [],
  picture: 'none',
  wires: { contact: false, tamper: false, fire: false },
};

/** A gate that offers all that there is. */
export const open: Options = {
  ...shy,
  names: true,
  commands: ['lock', 'unlock', 'open'],
  picture: 'without-faces',
  wires: { contact: true, tamper: true, fire: true },
};

export const facts: GateFacts = {
  door: DOOR_AT_START,
  sees: true,
  degraded: false,
  problems: [],
  people: 3,
  passages: { granted: 4, others: 2, free: 1 },
  framesPerSecond: undefined,
};

/** A door that notes what it was told. */
export function notingDoor(mode: 'normal' | 'locked' = 'normal', saving: () => Promise<void> = async () => undefined) {
  const orders: string[] = [];
  const door: DoorOrders & { readonly orders: readonly string[] } = {
    orders,
    open: (by) => {
      orders.push(`open by ${by}`);
      return mode === 'locked' ? 'door-mode' : undefined;
    },
    lock: (by) => {
      orders.push(`lock by ${by}`);
      return saving();
    },
    setMode: (to, by) => {
      orders.push(`${to} by ${by}`);
      return saving();
    },
    now: () => ({ mode }),
  };
  return door;
}

/** A gate in Home Assistant, started, over a link that the caller starts. */
export function shownOver(link: Link, clock: Clock, changes: Partial<HomeAssistantParts> = {}, log: Log = silentLog) {
  const published = new PublishedDevices([], () => undefined);
  const warnings: (readonly string[])[] = [];
  const shown = new HomeAssistant({
    link,
    clock,
    log,
    random: () => 0.5,
    options: open,
    published,
    facts: () => facts,
    newestFrame: () => undefined,
    door: notingDoor(),
    pictureMs: 30_000,
    picture: async () => Buffer.from([0xff, 0xd8, 0xff]),
    trustedClock: { trusted: true, confirmedMs: null },
    signedOnly: false,
    onWarnings: (now) => warnings.push(now),
    ...changes,
  });
  shown.start();
  return { shown, published, warnings };
}

/** What Home Assistant's template makes of a call. */
export const command = (word: string, clock: Pick<Clock, 'wall'>, changes: object = {}) =>
  JSON.stringify({ command: word, at: clock.wall() / 1000, ...changes });
