import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allInstalledBut, type FakeMachine, fakeMachine } from './fake-machine.js';
import { checkout, run, tree } from './tree.js';

type Entry = {
  readonly version: string;
  readonly optional?: boolean;
  readonly cpu?: readonly string[];
  readonly os?: readonly string[];
};
const lock = (packages: Readonly<Record<string, Entry>>): string =>
  JSON.stringify({ packages: { '': {}, ...packages } });
const a = { 'node_modules/a': { version: '1.0.0' } };
const manifest = { 'node_modules/a/package.json': '{}' };

function lacking(files: Readonly<Record<string, string>>): string {
  return run(process.execPath, ['scripts/setup.d/compare-modules.mjs', tree(files)]).out;
}

describe('setup, npm packages', () => {
  test('a complete installation needs nothing', () => {
    const files = { 'package-lock.json': lock(a), 'node_modules/.package-lock.json': lock(a), ...manifest };
    expect(lacking(files)).toBe('');
  });

  test('without an installation all is missing', () => {
    expect(lacking({ 'package-lock.json': lock(a), ...manifest })).toBe('all npm packages\n');
  });

  test('a changed version, a new package and a removed folder are seen', () => {
    const wanted = { 'node_modules/a': { version: '1.0.1' }, 'node_modules/b': { version: '2.0.0' } };
    const files = { 'package-lock.json': lock(wanted), 'node_modules/.package-lock.json': lock(a) };
    expect(lacking({ ...files, ...manifest })).toBe('a 1.0.1\nb 2.0.0\n');
    expect(lacking({ 'package-lock.json': lock(a), 'node_modules/.package-lock.json': lock(a) })).toBe('a 1.0.0\n');
  });

  test('optional packages count only where they are made for this processor', () => {
    const other = { version: '1.0.0', optional: true, os: ['linux'], cpu: ['mips'] };
    const mine = { version: '1.0.0', optional: true, os: ['linux'], cpu: [process.arch] };
    const wanted = { ...a, 'node_modules/other': other, 'node_modules/mine': mine };
    const files = { 'package-lock.json': lock(wanted), 'node_modules/.package-lock.json': lock(a), ...manifest };
    expect(lacking(files)).toBe('mine 1.0.0\n');
  });
});

describe('setup, building Kaimon', () => {
  const sources = {
    'src/main.ts': '',
    'tsconfig.json': '',
    'tsconfig.build.json': '',
    'package.json': '',
    'package-lock.json': '',
  };

  test('builds once, and again only after a change', () => {
    const machine = fakeMachine({ npm: '' }, { ...sources, 'dist/main.js': '' });
    const needed = (): string => machine.part('build', 'missing').out;
    expect(needed()).toBe('dist/\n');
    machine.part('build', 'work');
    expect(machine.calls()).toEqual(['npm run --silent build']);
    const past = new Date('2020-01-01');
    for (const file of [...Object.keys(sources), 'src']) utimesSync(join(machine.root, file), past, past);
    expect(needed()).toBe('');
    writeFileSync(join(machine.root, 'src/main.ts'), 'changed');
    utimesSync(join(machine.root, 'src/main.ts'), new Date('2100-01-01'), new Date('2100-01-01'));
    expect(needed()).toContain('older');
  });

  test('a failed build is tried again', () => {
    const machine = fakeMachine({ npm: 'exit 1' }, { ...sources, 'dist/main.js': '' });
    expect(machine.part('build', 'work').code).toBe(1);
    expect(machine.part('build', 'missing').out).toBe('dist/\n');
  });
});

const binding = join(checkout, 'node_modules/@u4/opencv4nodejs/build/Release/opencv4nodejs.node');

describe.skipIf(!existsSync(binding))('setup, OpenCV binding', () => {
  /** A compiler that takes no time: it "compiles" two files and delivers the real binding. */
  const gyp = `const fs = require('node:fs');
    if (process.argv.includes('configure')) { fs.mkdirSync('build/Release', { recursive: true }); process.exit(0); }
    for (const name of ['a', 'b']) console.log('  CXX(target) Release/obj.target/' + name + '.o');
    if (fs.existsSync('broken')) process.exit(1);
    fs.copyFileSync(${JSON.stringify(binding)}, 'build/Release/opencv4nodejs.node');`;
  const folder = 'node_modules/@u4/opencv4nodejs';

  function machineWithCompiler(): FakeMachine {
    const machine = fakeMachine(
      { node: `exec ${process.execPath} "$@"`, 'dpkg-query': `echo 4.6.0+test` },
      {
        [`${folder}/package.json`]: '{"version":"7.1.2"}',
        [`${folder}/binding.gyp`]: '"cc/a.cc"\n"cc/b.cc"\n',
        'node_modules/node-gyp/bin/node-gyp.js': gyp,
      },
    );
    return machine;
  }
  const at = (machine: FakeMachine, path: string): string => join(machine.root, path);
  const cached = (machine: FakeMachine): string => {
    const key = readFileSync(at(machine, `${folder}/build/kaimon-key`), 'utf8').trim();
    return at(machine, `.cache/kaimon/opencv/${key}/opencv4nodejs.node`);
  };

  test('is compiled once; a fresh checkout takes it from the cache; a broken copy there is built again', () => {
    const machine = machineWithCompiler();
    expect(machine.part('opencv', 'missing').out).toContain('4.6.0_test-7.1.2'.replace('_', '+'));
    const first = machine.part('opencv', 'work');
    expect(first.code, first.err).toBe(0);
    expect(first.err).toContain('compiling 2 files');
    expect(first.err).toContain('100 % (2 of 2 files)');
    expect(machine.part('opencv', 'missing').out).toBe('');

    const kept = cached(machine);
    rmSync(at(machine, `${folder}/build`), { recursive: true });
    expect(machine.part('opencv', 'work').err).toContain('from the cache');
    expect(machine.part('opencv', 'missing').out).toBe('');

    writeFileSync(kept, 'cut short');
    rmSync(at(machine, `${folder}/build`), { recursive: true });
    expect(machine.part('opencv', 'work').err).toContain('compiling 2 files');
    expect(readFileSync(kept).equals(readFileSync(binding))).toBe(true);
  });

  test('one compiled by hand is taken over', () => {
    const machine = machineWithCompiler();
    const target = at(machine, `${folder}/build/Release/opencv4nodejs.node`);
    cpSync(binding, target, { recursive: true });
    const real = run(process.execPath, [
      '-p',
      `Object.values(require(${JSON.stringify(binding)}).version).join('.')`,
    ]).out.trim();
    const fitting = machine.part('opencv', 'work');
    expect(fitting.err.includes('fits')).toBe(real === '4.6.0');
    expect(existsSync(dirname(cached(machine)))).toBe(true);
  });

  test('a failed compilation leaves nothing in the cache and says what to do', () => {
    const machine = machineWithCompiler();
    writeFileSync(at(machine, `${folder}/broken`), '');
    expect(machine.part('opencv', 'work').code).toBe(1);
    expect(existsSync(at(machine, '.cache/kaimon/opencv'))).toBe(false);
    writeFileSync(at(machine, '.setup/log/opencv.log'), 'g++: fatal error: Killed signal terminated program cc1plus\n');
    expect(machine.part('opencv', 'advice').out).toContain('add swap');
  });

  test('a system user without a home has its cache in the checkout', () => {
    const machine = machineWithCompiler();
    expect(machine.part('opencv', 'work', { HOME: '' }).code).toBe(0);
    expect(existsSync(at(machine, '.setup/cache/opencv'))).toBe(true);
  });
});

test('on a machine where nothing is installed the cache is not used', () => {
  const machine = fakeMachine({ 'dpkg-query': allInstalledBut() });
  expect(machine.part('opencv', 'missing').out).toBe('the binding (npm packages first)\n');
});

describe('setup, small bindings', () => {
  const BINDINGS = ['epoll', 'unix-dgram'];
  const GOOD = `exports.Epoll = class { close() {} }; exports.createSocket = () => ({ close() {} });`;
  /** A compiler that delivers bindings in JavaScript. */
  const machineWith = (delivered: Readonly<Record<string, string>>): FakeMachine =>
    fakeMachine(
      { node: `exec ${process.execPath} "$@"` },
      {
        ...Object.fromEntries(
          BINDINGS.map((name) => [`node_modules/${name}/package.json`, '{"main":"build/binding.js"}']),
        ),
        'node_modules/node-gyp/bin/node-gyp.js': `const fs = require('node:fs');
          fs.mkdirSync('build', { recursive: true });
          const name = require('node:path').basename(process.cwd());
          fs.writeFileSync('build/binding.js', ${JSON.stringify(delivered)}[name] ?? ${JSON.stringify(GOOD)});`,
      },
    );
  const lines = (text: string) => text.split('\n').slice(0, -1);

  test('are compiled where they do not load, and then left alone', () => {
    const machine = machineWith({});
    const forNode = `for Node ${process.versions.node}`;
    expect(lines(machine.part('bindings', 'missing').out)).toEqual([
      `the GPIO binding ${forNode}`,
      `the binding to systemd's socket ${forNode}`,
    ]);
    expect(machine.part('bindings', 'work').code).toBe(0);
    expect(machine.part('bindings', 'missing').out).toBe('');
  });

  test('of which one is missing are not all compiled anew', () => {
    const machine = machineWith({});
    machine.part('bindings', 'work');
    const kept = join(machine.root, 'node_modules/epoll/build/binding.js');
    writeFileSync(kept, `${GOOD} // as it was`);
    rmSync(join(machine.root, 'node_modules/unix-dgram/build'), { recursive: true });
    expect(lines(machine.part('bindings', 'missing').out)).toHaveLength(1);
    expect(machine.part('bindings', 'work').code).toBe(0);
    expect(machine.part('bindings', 'missing').out).toBe('');
    expect(readFileSync(kept, 'utf8')).toContain('as it was');
  });

  test.each([
    ['epoll', 'The GPIO binding could not be compiled'],
    ['unix-dgram', "The binding to systemd's socket could not be compiled"],
  ])('%s that was compiled and does not load is a failure that is named', (name, advice) => {
    const machine = machineWith({ [name]: 'throw new Error("of another Node")' });
    expect(machine.part('bindings', 'work').code).not.toBe(0);
    expect(machine.part('bindings', 'missing').out).not.toBe('');
    // The other one, which may come after it in the list, is there.
    for (const other of BINDINGS.filter((one) => one !== name)) {
      const build = join(machine.root, 'node_modules', other, 'build');
      mkdirSync(build, { recursive: true });
      writeFileSync(join(build, 'binding.js'), GOOD);
    }
    expect(machine.part('bindings', 'advice').out).toContain(advice);
  });

  test('wait for the npm packages', () => {
    const machine = fakeMachine({ node: `exec ${process.execPath} "$@"` }, {});
    const found = lines(machine.part('bindings', 'missing').out);
    expect(found).toHaveLength(BINDINGS.length);
    for (const line of found) expect(line).toContain('npm packages first');
  });

  test('are the native packages that npm is told about and nothing but them', () => {
    const { allowScripts } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
      readonly allowScripts: Readonly<Record<string, boolean>>;
    };
    expect(Object.keys(allowScripts).filter((name) => allowScripts[name])).toEqual(BINDINGS);
  });
});
