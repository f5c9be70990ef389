import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, run, tree } from '../tree.js';

const NOTE = '#!/bin/sh\necho "$(basename "$0") $*" >>"$(dirname "$0")/../asked"\n';

/** A machine with systemd, whose commands note what they are asked. @param refused the new version refuses the configuration */
function machine(refused: boolean, beside = ''): string {
  return tree({
    'run/systemd/system/of': '',
    'bin/systemd-sysusers': NOTE,
    'bin/deb-systemd-helper': NOTE,
    'bin/deb-systemd-invoke': NOTE,
    'bin/udevadm': NOTE,
    'bin/systemctl': `${NOTE}case $1 in list-units) printf '${beside}' ;; esac\n`,
    'bin/kaimon': `#!/bin/sh\nexit ${refused ? 2 : 0}\n`,
  });
}

function ask(
  root: string,
  script: string,
  ...args: readonly string[]
): { readonly asked: string; readonly err: string } {
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH']}` };
  const { code, err } = run('sh', [join(checkout, 'scripts/deploy/debian', script), '--root', root, ...args], env);
  expect(code, err).toBe(0);
  return { asked: readFileSync(join(root, 'asked'), 'utf8'), err };
}

const START = 'deb-systemd-invoke start kaimon-eye.socket kaimon.service\n';
const RESTART = 'deb-systemd-invoke restart kaimon-eye.socket kaimon.service\n';

test('an upgrade stops nothing, and restarts the gate with a configuration that is in order', () => {
  const root = machine(false);
  ask(root, 'postinst', 'configure', '1.0');
  expect(ask(root, 'prerm', 'upgrade', '1.1').asked).toContain(RESTART);
  expect(readFileSync(join(root, 'asked'), 'utf8')).not.toContain('stop');
});

test.each([
  ['an upgrade, or an installation after a removal', ['configure', '1.0']],
  ['a removal that was taken back in favour of another package', ['abort-remove', 'in-favour', 'other', '2']],
  ['one that was to make way', ['abort-deconfigure', 'in-favour', 'other', '2']],
])('where the configuration is refused, of a missing key for instance, no gate stays stopped: %s', (_how, args) => {
  const { asked, err } = ask(machine(true), 'postinst', ...args);
  expect(asked).toContain(START);
  expect(asked).not.toContain(RESTART);
  expect(err).toContain('NOT restarted, a gate at work is still the old one');
});

test('gates beside the first one that the removal stopped come back, once', () => {
  const root = machine(true, 'kaimon@in.service loaded active\\nkaimon@out.service loaded active\\n');
  expect(ask(root, 'prerm', 'remove').asked).toContain('systemctl stop kaimon@*.service');
  expect(ask(root, 'postinst', 'abort-remove').asked).toContain(
    'systemctl start kaimon@in.service kaimon@out.service\n',
  );
  expect(existsSync(join(root, 'run/kaimon-stopped'))).toBe(false);
});

test('where there are none, none is noted', () => {
  const root = machine(false);
  ask(root, 'prerm', 'remove');
  expect(existsSync(join(root, 'run/kaimon-stopped'))).toBe(false);
});
