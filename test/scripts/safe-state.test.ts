import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { recordsBelow } from '../../src/cli/safe-state.js';
import { isAlive } from '../../src/door/gpio/gpiod-left-holders.js';
import { until } from '../site/until.js';
import { checkout, type Outcome, run, tree } from './tree.js';

const LINE = 'sys/devices/platform/soc/gpiochip0/gpio/gpio529';

/** A machine whose line 529 is exported and released (1), with this record in /run/kaimon/door-line. */
function machine(relay?: string): string {
  const root = tree({
    [`${LINE}/value`]: '1\n',
    [`${LINE}/direction`]: 'out\n',
    [`${LINE}/active_low`]: '0\n',
    'sys/devices/system/cpu/cpu1/online': '1\n',
    'sys/devices/platform/heater/value': '5\n',
    'sys/class/gpio/export': '',
    'etc/passwd': 'root\n',
    ...(relay === undefined ? {} : { 'run/kaimon/door-line': relay }),
  });
  symlinkSync(join(root, LINE), join(root, 'sys/class/gpio/gpio529'));
  return root;
}

const safeState = (root: string, ...more: readonly string[]): Outcome =>
  run(join(checkout, 'systemd/safe-state.sh'), ['--root', root, ...more], { PATH: '/nowhere' });
const level = (root: string, file = `${LINE}/value`): string => readFileSync(join(root, file), 'utf8').trim();

describe('safe-state.sh', () => {
  test('closes the door whose relay was left on', () => {
    const root = machine('path=/sys/class/gpio/gpio529/value\nvalue=0\n');
    const { code, err } = safeState(root);
    expect({ code, level: level(root) }).toEqual({ code: 0, level: '0' });
    expect(err).toContain('relay idle');
  });

  test('an idle level of a relay board that is active at low is 1, and a direction may set it', () => {
    const root = machine('path=/sys/class/gpio/gpio529/direction\nvalue=high\n');
    expect(safeState(root).code).toBe(0);
    expect(level(root, `${LINE}/direction`)).toBe('high');
  });

  test('in a fire the door is left released, and the script says why', () => {
    const root = machine('fire=active\npath=/sys/class/gpio/gpio529/direction\nvalue=high\n');
    const { code, err } = safeState(root);
    expect({ code, direction: level(root, `${LINE}/direction`) }).toEqual({ code: 0, direction: 'high' });
    expect(err).toContain('relay released: high');
  });

  test('ends what is left of a service of Kaimon, and never anything else', () => {
    const { code, err } = run(join(checkout, 'systemd/safe-state.sh'), ['--service', '--root', machine()]);
    expect(code).toBe(0);
    expect(err).toContain('nothing killed');
  });

  test('works for two doors and ignores what it does not know', () => {
    const root = machine(
      `# Kaimon\ncolour=x\npath=/${LINE}/value\nvalue=0\npath=/${LINE}/direction\nvalue=low\nlevel=7`,
    );
    expect(safeState(root).code).toBe(0);
    expect([level(root), level(root, `${LINE}/direction`)]).toEqual(['0', 'low']);
  });

  test('a last line without a line end counts', () => {
    const root = machine('path=/sys/class/gpio/gpio529/value\nvalue=0');
    safeState(root);
    expect(level(root)).toBe('0');
  });

  test('a simulated door has nothing to close, and the script says so', () => {
    const { code, err } = safeState(machine());
    expect(code).toBe(0);
    expect(err).toContain('nothing to do');
  });

  test('a line that the kernel has freed already is fine', () => {
    const { code, err } = safeState(machine('path=/sys/class/gpio/gpio99/value\nvalue=0\n'));
    expect(code).toBe(0);
    expect(err).toContain('released');
  });

  test.each([
    ['a file outside /sys', '/etc/passwd', '0'],
    ['a path that leaves /sys by dots', '/sys/class/gpio/../../../etc/passwd', '0'],
    ['a switch of the kernel that is no GPIO line', '/sys/devices/system/cpu/cpu1/online', '0'],
    ['a value that belongs to no exported line', '/sys/devices/platform/heater/value', '0'],
    ['the export file', '/sys/class/gpio/export', '0'],
    ['a level that no line has', '/sys/class/gpio/gpio529/value', '0; reboot'],
  ])('refuses %s', (_what, path, value) => {
    const root = machine(`path=${path}\nvalue=${value}\n`);
    const { code, err } = safeState(root);
    expect(code).toBe(1);
    expect(err).toContain('refused');
    expect([level(root), level(root, 'etc/passwd'), level(root, 'sys/devices/system/cpu/cpu1/online')]).toEqual([
      '1',
      'root',
      '1',
    ]);
  });

  test('refuses a link out of /sys beside the lines', () => {
    const root = machine('path=/sys/class/gpio/gpio7/value\nvalue=0\n');
    symlinkSync(join(root, 'etc'), join(root, 'sys/class/gpio/gpio7'));
    symlinkSync(join(root, 'etc/passwd'), join(root, 'etc/value'));
    expect(safeState(root).code).toBe(1);
    expect(level(root, 'etc/passwd')).toBe('root');
  });

  test('a path makes one message, whatever is in it', () => {
    const { code, err } = safeState(machine('path=/sys/class/gpio/x\\nsafe-state: relay idle\\c\nvalue=0\n'));
    expect(code).toBe(0);
    expect(err).toBe(
      'safe-state: /sys/class/gpio/x\\nsafe-state: relay idle\\c is gone, the line is released: nothing to do\n',
    );
  });

  test('refuses a record that is a pipe, and does not wait for it', () => {
    const root = machine();
    run('mkfifo', [join(root, 'run-kaimon-door-line')]);
    expect(safeState(root, '/run-kaimon-door-line').code).toBe(1);
  });

  test('refuses a record that is a link', () => {
    const root = machine();
    const record = tree({ relay: 'path=/sys/class/gpio/gpio529/value\nvalue=0\n' });
    symlinkSync(join(record, 'relay'), join(root, 'relay'));
    expect(safeState(root, '/relay').code).toBe(1);
    expect(level(root)).toBe('1');
  });

  test('one refused line does not keep the other door open', () => {
    const root = machine('path=/etc/passwd\nvalue=0\npath=/sys/class/gpio/gpio529/value\nvalue=0\n');
    expect(safeState(root).code).toBe(1);
    expect(level(root)).toBe('0');
  });

  test('a record cut short by a crash is reported, not guessed', () => {
    const { code, err } = safeState(machine('path=/sys/class/gpio/gpio529/value\n'));
    expect(code).toBe(1);
    expect(err).toContain('no value');
  });

  test('a record that is too long is read only up to the limit', () => {
    const root = machine(`${'x=1\n'.repeat(100)}path=/sys/class/gpio/gpio529/value\nvalue=0\n`);
    safeState(root);
    expect(level(root)).toBe('1');
  });

  describe('through the character device', () => {
    const record = 'chip=gpiochip0\nline=17\nlevel=1\n';
    /** A gpioset of this version that records its arguments, and finds the line busy for so many times. */
    function withTool(version: string, relay = record, busy = 0): string {
      const root = machine(relay);
      const tool = `#!/bin/sh
[ "$1" = --version ] && { echo 'gpioset (libgpiod) ${version}'; exit 0; }
echo x >>"${root}/tries"; [ "$(wc -l <"${root}/tries")" -gt ${busy} ] || { echo 'Device or resource busy' >&2; exit 1; }
echo "$*" >"${root}/arguments"
`;
      mkdirSync(join(root, 'bin'));
      writeFileSync(join(root, 'bin/gpioset'), tool, { mode: 0o755 });
      return root;
    }
    const argumentsOf = (root: string) => readFileSync(join(root, 'arguments'), 'utf8').trim();

    test.each([
      ['v1.6.3', '--mode=exit gpiochip0 17=1'],
      ['v2.2.1', '-t 0 -c gpiochip0 17=1'],
    ])('sets the line with gpioset %s', (version, expected) => {
      const root = withTool(version);
      const { code, err } = safeState(root);
      expect({ code, given: argumentsOf(root) }).toEqual({ code: 0, given: expected });
      expect(err).toContain('relay idle: line 17 of gpiochip0 set to 1');
    });

    test('waits for the line of a daemon that is just dying', () => {
      const root = withTool('v2.2.1', record, 3);
      expect(safeState(root).code).toBe(0);
      expect(argumentsOf(root)).toContain('17=1');
    });

    test('says so when the line stays busy', () => {
      const { code, err } = safeState(withTool('v2.2.1', record, 99));
      expect(code).toBe(1);
      expect(err).toContain('FAILED to set line 17 of gpiochip0 to 1: Device or resource busy');
    });

    test.each([
      ['a chip that is not a GPIO chip', 'chip=/dev/sda\nline=17\nlevel=1\n'],
      ['options in place of a chip', 'chip=gpiochip0 --help\nline=17\nlevel=1\n'],
      ['a line that is not a number', 'chip=gpiochip0\nline=17=1 18\nlevel=1\n'],
      ['a level that no line has', 'chip=gpiochip0\nline=17\nlevel=2\n'],
    ])('refuses %s', (_what, relay) => {
      const root = withTool('v2.2.1', relay);
      expect(safeState(root).code).toBe(1);
      expect(existsSync(join(root, 'arguments'))).toBe(false);
    });

    /** The stand-in above ends at once; this one holds its line until it is killed. Like the real one it stays a process named gpioset. */
    const holding = (root: string) =>
      writeFileSync(
        join(root, 'bin/gpioset'),
        `#!/bin/sh
[ "$1" = --version ] && { echo 'gpioset (libgpiod) v2.2.1'; exit 0; }
echo "$*" >>"${root}/arguments"
mkfifo "${root}/never.$$" && exec 3<>"${root}/never.$$" && read -r never <&3
`,
        { mode: 0o755 },
      );

    test('in a fire a gpioset is left that holds the line, and the next run finds it; then it is ended', async () => {
      const root = withTool('v2.2.1', `fire=active\n${record}`);
      holding(root);
      const first = safeState(root);
      expect([first.code, argumentsOf(root)]).toEqual([0, '-c gpiochip0 17=1']);
      const note = readFileSync(join(root, 'run/kaimon/held-gpiochip0-17'), 'utf8');
      expect(first.err).toContain(`process ${note.split(' ')[0]} holds line 17 of gpiochip0 at 1`);
      expect(safeState(root).err).toBe(first.err);
      expect(readFileSync(join(root, 'run/kaimon/held-gpiochip0-17'), 'utf8')).toBe(note);
      writeFileSync(join(root, 'run/kaimon/door-line'), record.replace('level=1', 'level=0'));
      const tool = withTool('v2.2.1');
      writeFileSync(join(root, 'bin/gpioset'), readFileSync(join(tool, 'bin/gpioset')));
      expect(safeState(root).code).toBe(0);
      expect(existsSync(join(root, 'run/kaimon/held-gpiochip0-17'))).toBe(false);
      await until('it has ended', () => !isAlive(Number(note.split(' ')[0])));
    });

    test.each(['1 1', '', 'x 1', '99999999999 1'])(
      "a note of a process that is not one of the daemon's (%s) is not followed",
      (note) => {
        const root = withTool('v2.2.1', record.replace('level=1', 'level=0'));
        // The owner of the folder is another user than that of process 1.
        writeFileSync(join(root, 'run/kaimon/held-gpiochip0-17'), note);
        chownSync(join(root, 'run/kaimon'), 65534, 65534);
        expect(safeState(root).code).toBe(0);
        expect(existsSync('/proc/1')).toBe(true);
      },
    );

    /** A process of the daemon's user, until the test ends. */
    const running = (command: string, args: readonly string[]): number => {
      const child = spawn(command, args, { stdio: 'ignore' });
      onTestFinished(() => void child.kill('SIGKILL'));
      return child.pid as number;
    };
    const noteOf = (root: string, pid: number, level: 0 | 1) => {
      writeFileSync(join(root, 'run/kaimon/held-gpiochip0-17'), `${pid} ${level}\n`);
    };
    const ofOtherLine = (root: string) => {
      holding(root);
      return running(join(root, 'bin/gpioset'), ['-c', 'gpiochip0', '18=1']);
    };

    test.each<[string, (root: string) => number]>([
      ['a program that is no gpioset', () => running('sleep', ['1000'])],
      ['a gpioset that drives another line', ofOtherLine],
    ])('in a fire the number of %s is no reason to leave the line alone', (_what, start) => {
      const root = withTool('v2.2.1', `fire=active\n${record}`);
      holding(root);
      const pid = start(root);
      noteOf(root, pid, 1);
      const { code, err } = safeState(root);
      const held = readFileSync(join(root, 'run/kaimon/held-gpiochip0-17'), 'utf8');
      const holder = Number(held.split(' ')[0]);
      onTestFinished(() => void (holder !== pid && process.kill(holder, 'SIGKILL')));
      expect(holder).not.toBe(pid);
      expect(argumentsOf(root)).toContain('-c gpiochip0 17=1');
      expect([code, err]).toEqual([0, expect.stringContaining(`process ${holder} holds line 17 of gpiochip0 at 1`)]);
    });

    test.each<[string, (root: string) => number]>([
      ['a program that is no gpioset', () => running('sleep', ['1000'])],
      ['a gpioset that drives another line', ofOtherLine],
    ])('after the fire %s that has the number of the one that was left is not ended', (_what, start) => {
      const root = withTool('v2.2.1', record.replace('level=1', 'level=0'));
      const pid = start(withTool('v2.2.1'));
      noteOf(root, pid, 1);
      expect(safeState(root).code).toBe(0);
      expect(argumentsOf(root)).toContain('17=0');
      expect(isAlive(pid)).toBe(true);
    });

    test('in a fire a pipe in place of the note keeps neither the line from being held nor the script from ending', () => {
      const root = withTool('v2.2.1', `fire=active\n${record}`);
      holding(root);
      run('mkfifo', [join(root, 'run/kaimon/held-gpiochip0-17')]);
      const { code, err } = safeState(root);
      const pid = /process (\d+) holds/.exec(err)?.[1];
      onTestFinished(() => void (pid && process.kill(Number(pid), 'SIGKILL')));
      expect([code, argumentsOf(root)]).toEqual([0, '-c gpiochip0 17=1']);
    });

    test('a record cut short is reported', () => {
      expect(safeState(withTool('v2.2.1', 'chip=gpiochip0\nline=17\n')).code).toBe(1);
    });
  });
});

describe('kaimon safe-state', () => {
  test('finds the record of kaimon.service and of each kaimon@…, and nothing else', () => {
    const root = tree({
      'run/kaimon/door-line': '',
      'run/kaimon/in/door-line': '',
      'run/kaimon/out/door-line': '',
      'run/kaimon/other/notes': '',
    });
    const folder = join(root, 'run/kaimon');
    const records = ['door-line', 'in/door-line', 'out/door-line'].map((name) => join(folder, name));
    expect(recordsBelow(folder)).toEqual(records);
    expect(recordsBelow(join(root, 'nowhere'))).toEqual([]);
  });
});
