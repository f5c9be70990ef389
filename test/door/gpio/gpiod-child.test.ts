import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { until } from '../../site/until.js';
import { fakeToolsRig } from './gpio-rigs.js';

const CHILD = fileURLToPath(new URL('../../../dist/door/gpio/gpiod-child.js', import.meta.url));

test.skipIf(!existsSync(CHILD))(
  'the process that holds a line ends with the daemon, even when the daemon is killed',
  async () => {
    const note = join(mkdtempSync(join(tmpdir(), 'kaimon-child-')), 'pid');
    const rig = await fakeToolsRig(2);
    // Holds a line as the daemon does.
    const program = `
      const { startTool } = await import(${JSON.stringify(CHILD)});
      const { writeFileSync } = await import('node:fs');
      const child = startTool(['gpioset', '-c', 'gpiochip0', '0=1'], { onEnd() {} });
      writeFileSync(${JSON.stringify(note)}, String(child.pid));
      setInterval(() => undefined, 1000);`;
    const daemon = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' });
    try {
      await until('the line is held', () => rig.wire(0) === true && existsSync(note), 30);
      const holder = Number(readFileSync(note, 'utf8'));
      const alive = () =>
        existsSync(`/proc/${holder}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${holder}/stat`, 'utf8'));
      expect(alive()).toBe(true);
      daemon.kill('SIGKILL');
      await until('its holder is gone', () => !alive(), 30);
    } finally {
      daemon.kill('SIGKILL');
      rig.close();
    }
  },
  90_000,
);
