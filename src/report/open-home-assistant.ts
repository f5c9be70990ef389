import type { Opening } from '../config/opening.js';
import type { StartedDoor } from '../door/start-door.js';
import type { EyeSupervisor } from '../eye/supervisor.js';
import { doorRequests } from '../gate/door-requests.js';
import type { Signal } from '../kit/signal.js';
import { VERSION } from '../kit/version.js';
import type { DoorSchedule } from '../schedule/door-schedule.js';
import { HomeAssistant, type HomeAssistantParts } from '../site/home-assistant/home-assistant.js';
import { Leftovers } from '../site/home-assistant/leftovers.js';
import { optionsOf } from '../site/home-assistant/options.js';
import { openPublished } from '../site/home-assistant/published-file.js';
import { topicsOf } from '../site/topics.js';
import type { Uplink } from '../site/uplink.js';
import type { PeopleStore } from '../store/people-store.js';
import type { Reporter } from './reporter.js';
import type { GateState } from './status.js';

export interface OpenHomeAssistantParts {
  /** Undefined without a broker. */
  readonly uplink: Uplink | undefined;
  readonly door: Pick<StartedDoor, 'keeper'>;
  readonly schedule: Pick<DoorSchedule, 'ordered'>;
  readonly eye: Pick<EyeSupervisor, 'newest' | 'snapshot'>;
  readonly people: Pick<PeopleStore, 'size'>;
  readonly trustedClock: HomeAssistantParts['trustedClock'];
  readonly reporter: Reporter;
  readonly changed: Signal;
}

/**
 * Shows this gate in Home Assistant where the configuration asks for it, and takes out what was shown before and is no more. To be
 * called before the link to the broker is started.
 */
export async function openHomeAssistant(
  opening: Opening,
  parts: OpenHomeAssistantParts,
  state: () => GateState,
): Promise<void> {
  const { uplink, door, schedule, eye, people, trustedClock, reporter, changed } = parts;
  const { config, clock, log, endings, warnings } = opening;
  if (!uplink) {
    const text = 'home-assistant: homeAssistant.enabled does nothing without a broker (mqtt.enabled)';
    if (config.homeAssistant.enabled) warnings.push(text);
    return;
  }
  const { link } = uplink;
  const published = await openPublished(opening);
  const options = optionsOf(config, VERSION);
  const { enabled, pictureSeconds, unsignedBesideKeys } = config.homeAssistant;
  const leftovers = new Leftovers({
    link,
    clock,
    log,
    published,
    device: enabled ? options.device : undefined,
    gateState: topicsOf(uplink.names).state,
  });
  await endings.open(
    'what is left in Home Assistant',
    () => [link.onUp(() => leftovers.up()), link.onMessage((packet) => leftovers.receive(packet))],
    (unlisten) => {
      for (const end of unlisten) end();
      leftovers.stop();
    },
  );
  if (!enabled) return;
  let shown: readonly string[] = [];
  const homeAssistant = await endings.open(
    'Home Assistant',
    () =>
      new HomeAssistant({
        link,
        clock,
        log,
        random: Math.random,
        options,
        published,
        facts: () => {
          const { status, camera, eye: eyeState, problems, passages } = state();
          const sees = eyeState === 'up' && camera === 'live';
          const degraded = status === 'degraded';
          return { door: door.keeper.door, sees, degraded, problems, people: people.size, passages };
        },
        newestFrame: () => eye.newest,
        door: doorRequests(door.keeper, schedule, reporter),
        pictureMs: pictureSeconds * 1000,
        picture: (redact) => eye.snapshot([], redact),
        trustedClock,
        signedOnly: config.keys.siteKeys.length > 0 && !unsignedBesideKeys,
        onWarnings: (now) => {
          const others = warnings.filter((text) => !shown.includes(text));
          // In place: the state reads this list.
          warnings.splice(0, warnings.length, ...others, ...now);
          shown = now;
          changed.raise();
        },
      }),
    (opened) => opened.stop(),
  );
  reporter.onReport((type, fields) => homeAssistant.heard(type, fields));
  changed.on(() => homeAssistant.refresh());
  homeAssistant.start();
}
