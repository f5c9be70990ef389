import { existsSync } from 'node:fs';
import type { Config } from '../config/config.js';
import type { Paths } from '../config/paths.js';
import { chooseBackend } from '../door/gpio/backends.js';
import type { GpioLine } from '../door/gpio/gpio.js';
import { runTool, toolsVersion } from '../door/gpio/gpiod-gpio.js';
import { consumerOf, infoCommand } from '../door/gpio/gpiod-tools.js';
import { doorLines } from '../door/hardware.js';
import { explain } from '../kit/errors.js';
import { silentLog } from '../kit/log.js';
import { systemClock } from '../kit/system-clock.js';
import { type Checked, findings, ok, problem } from './finding.js';
import { judgeLines } from './judge/lines.js';

/** The GPIO lines that are configured: whether this machine has them, and who has them now. No line is opened. */
export async function lookAtLines(door: Config['door'], paths: Pick<Paths, 'run'>, running: boolean): Promise<Checked> {
  if (door.kind === 'simulated' || door.gpio.backend === 'simulated')
    return findings(ok('gpio', 'the door is simulated: no line is used'));
  try {
    const backend = await chooseBackend(door, { clock: systemClock, log: silentLog, runFolder: paths.run });
    const consumerAt = consumers();
    const looks = [...doorLines(door, backend)].map(([name, line]) => ({
      name,
      offset: line.offset,
      label: line.label,
      consumer: consumerAt(line),
    }));
    return { findings: judgeLines(backend.name, looks, running) };
  } catch (thrown) {
    return findings(
      problem('gpio', explain(thrown), 'docs/door.md; sudo usermod -aG gpio USER where the user may not'),
    );
  }
}

/** Who has a line: undefined: nobody; null where nobody can be asked. Each chip is asked once. */
function consumers(): (line: GpioLine) => string | undefined | null {
  const version = toolsVersion();
  const said = new Map<string, string>();
  return ({ chip, offset, number }) => {
    if (number !== null && existsSync(`/sys/class/gpio/gpio${number}`)) return 'sysfs';
    // In sysfs a chip's name is not that of its device file.
    if (version === undefined || number !== null) return null;
    const info = said.get(chip) ?? runTool(infoCommand(version, chip));
    said.set(chip, info);
    return consumerOf(version, info, offset);
  };
}
