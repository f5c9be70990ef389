import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { wireReportSchema } from '../door/gpio/wire-control.js';
import { auditJournal } from '../journal/audit/audit.js';
import { queryEntries, type RecordedEntry } from '../journal/audit/query.js';
import { FileDisk, journalFolder } from '../journal/file-disk.js';
import { startBroker } from '../site/link/embedded-broker.js';
import { BackOffice } from './back-office.js';
import { Daemon } from './daemon.js';
import { type DoorEvent, DoorEvents } from './door-events.js';
import { DOOR_TIMES, STEPS, WIRES } from './door-script.js';
import { StepPlayer, type StepResult } from './step-player.js';
import type { Story } from './story.js';

export interface DoorDemoResult {
  readonly steps: readonly StepResult[];
  readonly journal: {
    readonly whole: boolean;
    readonly entries: number;
    /** Events that were sent to the site and are not in it. */
    readonly missing: number;
    readonly newest: readonly RecordedEntry[];
  };
  readonly ok: boolean;
}

const NAMES = { site: 'demo', gate: 'door' };
/** Newest entries of the journal that the result shows. */
const SHOWN = 12;

/**
 * The product's door without a door: the whole daemon with simulated wires that the demo moves, and an office that sends requests
 * and receives events over MQTT.
 * @param folder for everything that it writes; what an earlier demo left there is removed
 */
export async function runDoorDemo(folder: string, story: Story, signal: AbortSignal): Promise<DoorDemoResult> {
  const files = {
    state: join(folder, 'state'),
    config: join(folder, 'kaimon.yaml'),
    log: join(folder, 'gate.log'),
  };
  for (const old of [files.state, files.log]) rmSync(old, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const broker = await startBroker();
  writeFileSync(files.config, stringify(configFor(broker.url, folder)));
  const events = new DoorEvents();
  const levels = new Map<number, boolean>();
  const office = await BackOffice.connect(broker.url, NAMES, (event) => events.add(event));
  let onBroken = (): void => undefined;
  const broken = new Promise<void>((resolve) => {
    onBroken = resolve;
  });
  const onMessage = (message: unknown) => {
    const report = wireReportSchema.parse(message);
    if (report.kind === 'broken') onBroken();
    else levels.set(report.offset, report.high);
  };
  const daemon = new Daemon({ ...files, onMessage });
  try {
    const play = async () => {
      await office.until(({ status, door }) => status !== 'offline' && door?.state === 'locked');
      const results: StepResult[] = [];
      for (const [index, step] of STEPS.entries()) {
        story.line(`${index + 1}. ${step.title}`);
        results.push(await new StepPlayer(daemon, office, events, { levels, broken }, story).play(step));
      }
      return results;
    };
    const stopped = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
    const steps = await Promise.race([play(), daemon.failsEarly(files.log), stopped]);
    const clean = await daemon.stop();
    if (!clean) story.line('the gate did not stop cleanly');
    const journal = await journalOf(files.state, events.all);
    const right = steps.every(({ wrong }) => wrong.length === 0);
    return { steps, journal, ok: clean && right && journal.whole && journal.missing === 0 };
  } finally {
    await daemon.stop();
    await office.close();
    await broker.close();
  }
}

const configFor = (url: string, folder: string) => {
  const { relay, rex, contact, tamper, fire, greenLed, redLed, buzzer } = WIRES;
  return {
    site: NAMES.site,
    gate: NAMES.gate,
    // Nobody comes by face: the camera waits for a film that never comes.
    camera: { kind: 'replay', path: join(folder, 'no-film') },
    greeting: { enabled: false },
    door: {
      kind: 'gpio',
      gpio: { backend: 'simulated', simulatedWires: 'parent' },
      ...DOOR_TIMES,
      relay: { line: relay },
      rex: { line: rex, activeLevel: 'high' },
      contact: { line: contact },
      tamper: { line: tamper },
      fire: { line: fire },
      greenLed: { line: greenLed },
      redLed: { line: redLed },
      buzzer: { line: buzzer },
    },
    mqtt: { enabled: true, url },
  };
};

async function journalOf(state: string, events: readonly DoorEvent[]): Promise<DoorDemoResult['journal']> {
  const disk = new FileDisk(journalFolder(state));
  const { ok, entries } = await auditJournal(disk);
  const recorded: RecordedEntry[] = [];
  for await (const one of queryEntries(disk, {})) recorded.push(one);
  const types = new Map(recorded.map(({ entry }) => [entry.n, entry.type]));
  const missing = events.filter(({ entry, type }) => typeof entry !== 'number' || types.get(entry) !== type).length;
  return { whole: ok, entries, missing, newest: recorded.slice(-SHOWN) };
}
