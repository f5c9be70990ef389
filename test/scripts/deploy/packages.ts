/** Packages with the units of the checkout and a stand-in for the program. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { openJournal } from '../../journal/harness.js';
import { MemoryDisk } from '../../journal/memory-disk.js';
import { checkout } from '../tree.js';
import { daemon, safeState } from './stand-ins.js';

export interface PackageOptions {
  readonly mode?: string;
  readonly arch?: string;
  /** Judged by a shell script that asks little of the machine. */
  readonly light?: boolean;
  /** Spoils the tree before it is packed. */
  readonly spoil?: (tree: string) => void;
  /** Kilobytes of ballast. */
  readonly ballast?: number;
  readonly depends?: string;
}

export function write(file: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
}

/** @returns the .deb, in a folder of its own below `folder`, unsigned */
export async function packRelease(folder: string, version: string, options: PackageOptions = {}): Promise<string> {
  const { mode = 'well', light = true, spoil, ballast = 0, depends } = options;
  const arch = options.arch ?? execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  const at = mkdtempSync(join(folder, 'package-'));
  const tree = join(at, 'tree');
  const home = join(tree, 'usr/lib/kaimon');
  const program = `${process.execPath} ${join(checkout, 'dist/cli/main.js')}`;
  const real = `exec ${program} health "$@"`;
  const health = light ? `grep -q '"eye":"up"' "$2" || { echo x; echo '  the eye is not up'; exit 1; }; exit 0` : real;
  write(join(home, 'scripts/kaimon'), daemon(version, mode, health, program), 0o755);
  write(join(home, 'systemd/safe-state.sh'), safeState(mode), 0o755);
  write(join(home, 'package.json'), `{\n  "name": "kaimon",\n  "version": "${version}"\n}\n`);
  if (ballast > 0) writeFileSync(join(home, 'ballast'), Buffer.alloc(ballast * 1024, 7));
  await writeJournal(join(home, 'journal'), version);
  packUnits(join(tree, 'lib/systemd/system'), version);
  write(join(tree, 'etc/kaimon/kaimon.yaml'), 'gate: new\n', 0o640);
  const control = [
    'Package: kaimon',
    `Version: ${version}`,
    `Architecture: ${arch}`,
    `Installed-Size: ${100 + ballast}`,
  ];
  if (depends) control.push(`Depends: ${depends}`);
  write(
    join(tree, 'DEBIAN/control'),
    `${control.join('\n')}\nMaintainer: Owner <owner@kaimon.test>\nDescription: stand-in\n`,
  );
  spoil?.(tree);
  const deb = join(at, `kaimon_${version}_${arch}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, deb], { stdio: 'pipe' });
  rmSync(tree, { recursive: true });
  return deb;
}

/** The checkout's units as scripts/deploy/package packs them, with a word of their version. */
function packUnits(to: string, version: string): void {
  execFileSync(process.execPath, [join(checkout, 'scripts/deploy/package.d/units.mjs'), join(checkout, 'systemd'), to]);
  for (const name of readdirSync(to)) appendFileSync(join(to, name), `# of version ${version}\n`);
}

/** A journal with the start of this version, as the stand-in brings it along. */
async function writeJournal(folder: string, version: string): Promise<void> {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const journal = await openJournal(disk, clock);
  void journal.append({ type: 'started', fields: { version } });
  await journal.close();
  for (const [name, { bytes }] of disk.files) write(join(folder, name), Buffer.from(bytes).toString('utf8'));
}
