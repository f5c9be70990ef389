// node units.mjs FROM TO: the units of the checkout with the places of the package. Each change must find what it changes, so that
// a unit that is written anew is not half adapted.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';

/** Where the package has Kaimon. */
export const HOME = '/usr/lib/kaimon';
const CHECKOUT = '/opt/kaimon';

const CHANGES = [
  {
    from: /^# Kaimon from a checkout in \/opt\/kaimon.*$/m,
    to: '# Kaimon from its package. Changes of a site belong into a drop-in:',
    in: /^kaimon\.service$/,
  },
  {
    from: /^# scripts\/kaimon replaces itself by the Node that .*$/m,
    to: '# scripts/kaimon replaces itself by Node: that of the package where it has one.',
    in: /^kaimon@?\.service$/,
  },
  {
    from: /^Documentation=file:\/\/\/opt\/kaimon\/docs\//m,
    to: 'Documentation=man:kaimon(1) file:///usr/share/doc/kaimon/docs/',
    in: /^/,
  },
  // The package lies in /usr, which the eye sees: nothing of it needs to be bound into the emptied /opt.
  { from: /^BindReadOnlyPaths=\/opt\/kaimon\/dist .*\n/m, to: '', in: /^kaimon-eye@/ },
  {
    from: /^BindReadOnlyPaths=\/opt\/kaimon\/scripts\/env\.sh .* (-\/run\/udev)$/m,
    to: 'BindReadOnlyPaths=$1',
    in: /^kaimon-eye@/,
  },
];

/** The unit `name` of the checkout as the package has it. */
export function packagedUnit(name, text) {
  let unit = text;
  for (const change of CHANGES) {
    if (!change.in.test(name)) continue;
    if (!change.from.test(unit))
      throw new Error(`${name} has no line like ${change.from}: mend scripts/deploy/package.d/units.mjs`);
    unit = unit.replace(change.from, change.to);
  }
  return unit.replaceAll(CHECKOUT, HOME);
}

if (import.meta.url === pathToFileURL(argv[1]).href) {
  const [, , from, to] = argv;
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)
    .filter((file) => /\.(service|socket|path)$/.test(file))
    .sort()) {
    writeFileSync(join(to, name), packagedUnit(name, readFileSync(join(from, name), 'utf8')));
  }
}
