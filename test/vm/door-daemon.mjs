// The door's part of the daemon alone (configuration, hardware, machine, record, systemd's watchdog), without eye, models and people: for
// machines in emulation, where the whole daemon takes minutes to start. Run by test/vm/gpio-guest.sh under the daemon's own unit.
import { loadConfig } from '../../dist/config/load.js';
import { resolvePaths } from '../../dist/config/paths.js';
import { openHardware } from '../../dist/door/hardware.js';
import { startDoor } from '../../dist/door/start-door.js';
import { SystemdNotify } from '../../dist/host/systemd-notify.js';
import { journalOff } from '../../dist/journal/writer.js';
import { createLog } from '../../dist/kit/log.js';
import { systemClock as clock } from '../../dist/kit/system-clock.js';
import { JournalThenSite } from '../../dist/report/journal-then-site.js';
import { Reporter } from '../../dist/report/reporter.js';

const { config } = loadConfig({ file: process.argv[2], env: process.env, overrides: {} });
const log = createLog('info', 'door');
const notify = new SystemdNotify({ env: process.env, clock, log });
const hardware = await openHardware(config.door, {
  clock,
  log,
  runFolder: resolvePaths({ env: process.env, configFile: null }).run,
});
const journalThenSite = new JournalThenSite(journalOff, () => undefined, log);
const reporter = new Reporter({ log, names: false, journalThenSite, clock, publish: () => undefined });
const nothing = () => undefined;
const passages = { contact: nothing, contactLost: nothing, contactBack: nothing, fire: nothing };
const door = startDoor({ hardware, rule: config.door, rexStuckMs: config.door.rexStuckMs, clock, log });
door.tell({ onReport: (report) => reporter.door(report), passages, onChange: nothing });
process.once('exit', () => door.stop());
process.once('SIGTERM', () => process.exit(0));
notify.ready('the door is up');
setInterval(() => notify.watchdog(), 1000);
