/** What a gate opens before it starts, since each of it may refuse: people, door, journal and what a restart must not forget. */
import { join } from 'node:path';
import { TrustedTime } from './clock-trust/trusted-times-file.js';
import type { Config } from './config/config.js';
import type { Paths } from './config/paths.js';
import { type DoorHardware, openHardware } from './door/hardware.js';
import { openJournal } from './journal/open-journal.js';
import type { JournalWriter } from './journal/writer.js';
import type { Clock } from './kit/clock.js';
import { endInOrder } from './kit/closing.js';
import { explain } from './kit/errors.js';
import type { Log } from './kit/log.js';
import type { StateFile } from './kit/state-file.js';
import { calibrationFile } from './models/calibration.js';
import { loadManifest } from './models/model-files.js';
import { loadModels, type ModelSet } from './models/model-set.js';
import { type Kept, openPassages } from './passback/whereabouts.js';
import { ModeMemory } from './schedule/door-order-file.js';
import { PeopleStore } from './store/people-store.js';

export interface OpenParts {
  readonly equipment: ModelSet;
  readonly store: PeopleStore;
  readonly hardware: DoorHardware;
  readonly journal: JournalWriter;
  readonly passages: StateFile<Kept>;
  readonly modes: ModeMemory;
  readonly trustedTime: TrustedTime;
}

/** @throws OperatingError with one line when something refuses; nothing is left open then */
export async function openParts(
  config: Config,
  paths: Paths,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<OpenParts> {
  const chosen = { encoder: config.encoder, liveness: config.liveness.enabled };
  const equipment = await loadModels(loadManifest(), chosen, calibrationFile(paths.state));
  const { encoder } = equipment;
  const store = await PeopleStore.open({
    file: join(paths.state, 'people.json'),
    encoder,
    gate: config.gate,
    clock,
    log,
  });
  let hardware: DoorHardware | undefined;
  let journal: JournalWriter | undefined;
  try {
    hardware = await openHardware(config.door, { clock, log, runFolder: paths.run });
    journal = await openJournal(config.journal, paths.state, { clock, log });
    const passages = await openPassages(paths.state, { clock, log });
    const modes = await ModeMemory.open(paths.state, { clock, log });
    const trustedTime = await TrustedTime.open(paths.state, journal.newestMs, { clock, log });
    return { equipment, store, hardware, journal, passages, modes, trustedTime };
  } catch (thrown) {
    await closeParts({ hardware, journal, store }, log);
    throw thrown;
  }
}

/** For a gate that does not come to start. Never rejects: why it does not start is what there is to tell. */
export async function closeParts(
  { hardware, journal, store }: { readonly [Part in 'hardware' | 'journal' | 'store']: OpenParts[Part] | undefined },
  log: Log,
): Promise<void> {
  try {
    // The bolt first: it is left thrown.
    await endInOrder([
      ['the door', () => hardware?.close()],
      ['the journal', () => journal?.close()],
      ['the people store', () => store?.close()],
    ]);
  } catch (also) {
    log.error({ why: explain(also) }, 'not everything could be closed');
  }
}
