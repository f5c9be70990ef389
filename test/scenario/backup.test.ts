import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type EmbeddedBroker, startBroker } from '../../src/site/link/embedded-broker.js';
import { discard, FACES, film, type Gate, kaimon, notReady, portrait, scratch, startGate } from './harness.js';

let folder: string;
/** Each gate has a broker of its own: what a site shares must not stand in for what a backup brings. */
const brokers: EmbeddedBroker[] = [];
const gates: Gate[] = [];
const at = (...names: string[]) => join(folder, ...names);

/** The command line at a gate. */
const cli = (gate: string, ...args: string[]) =>
  kaimon(...args, '--state', at(gate, 'state'), '--config', at(gate, 'kaimon.yaml'));

const settings = () => ({
  camera: { kind: 'replay', path: at('film'), fps: 10, loop: true },
  journal: { keyFile: at('journal.key') },
});

async function run(name: string, change: object = {}): Promise<Gate> {
  const broker = await startBroker();
  brokers.push(broker);
  const gate = await startGate(folder, broker.url, name, { ...settings(), ...change });
  gates.push(gate);
  return gate;
}

beforeAll(async () => {
  if (notReady) return;
  folder = scratch();
  await film(at('film'), [FACES.adaAnotherDay]);
  await portrait(at('ada.jpg'), FACES.ada);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  openssl('genpkey', '-algorithm', 'ed25519', '-out', at('journal.key'));
  openssl('pkey', '-in', at('journal.key'), '-pubout', '-out', at('journal.pub'));
  for (const gate of ['north', 'south']) {
    mkdirSync(at(gate), { recursive: true });
    writeFileSync(at(gate, 'kaimon.yaml'), stringify({ site: 'home', gate }));
  }
}, 120_000);

afterAll(async () => {
  for (const gate of gates) await gate.stop();
  for (const broker of brokers) await broker.close();
  if (folder) discard(folder);
});

test.skipIf(notReady)(
  `of a running gate, a backup brings another gate its people and its journal, and the gate itself back after its disk is lost${notReady ? ` (${notReady})` : ''}`,
  async () => {
    expect(await cli('north', 'enroll', 'Ada', at('ada.jpg'), '--id', 'ada')).toMatchObject({ code: 0 });
    const north = await run('north');
    await north.until(({ type }) => type === 'granted');

    // Beside the running daemon.
    const keygen = await kaimon('backup', 'keygen', at('backup.key'));
    const recipient = keygen.stdout.trim();
    mkdirSync(at('backups'));
    const made = await cli('north', 'backup', at('backups'), '--recipient', recipient, '--keep', '3', '--json');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const { manifest, signed } = JSON.parse(made.stdout);
    expect([signed, manifest.people.enrolled, manifest.journal.faults]).toEqual([true, 1, 0]);
    // It goes on: she comes again, within the cool-down.
    const seen = north.events.length;
    await north.until((event) => event.type === 'refused' && north.events.indexOf(event) >= seen);

    const [name = ''] = readdirSync(at('backups'));
    const file = at('backups', name);
    const opening = ['--identity', at('backup.key'), '--key', at('journal.pub')];
    const verified = await kaimon('backup', 'verify', file, ...opening);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringMatching(/signature of key [0-9a-f]{16}: valid/) });
    expect(await cli('north', 'restore', file, ...opening, '--replace')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('the people store is in use by process'),
    });

    // Another gate, which nobody was enrolled at.
    copyFileSync(file, at('cut.age'));
    truncateSync(at('cut.age'), 9_000);
    expect(await cli('south', 'restore', at('cut.age'), ...opening)).toMatchObject({ code: 3 });
    writeFileSync(at('office.yaml'), stringify({ site: 'office', gate: 'south' }));
    const office = ['--config', at('office.yaml'), '--state', at('south', 'state')];
    expect(await kaimon('restore', file, ...opening, ...office)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('of the site home, and this gate is of office'),
    });
    const restored = await cli('south', 'restore', file, ...opening);
    expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining('restored: start the daemon') });
    expect(await cli('south', 'identify', at('ada.jpg'))).toMatchObject({ code: 0 });
    const south = await run('south', { journal: { keyFile: null } });
    expect(await south.until(({ type }) => type === 'granted')).toMatchObject({ person: 'ada', name: 'Ada' });
    await south.stop();
    const [archive = ''] = readdirSync(at('south', 'state', 'journal-archive'));
    const audit = await cli('south', 'audit', 'verify');
    expect(audit).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(
        `the backup of gate north of ${manifest.time} was restored; the journal to entry ${manifest.journal.n} is kept: --archive ${archive}`,
      ),
    });
    const kept = await cli('south', 'audit', 'verify', '--archive', archive, '--key', at('journal.pub'));
    expect(kept).toMatchObject({ code: 0, stdout: expect.stringContaining('signature valid') });
    const shown = await cli('south', 'audit', 'show', '--archive', archive, '--type', 'granted');
    expect(shown.stdout).toContain('person="ada"');

    // The gate itself, with a new disk.
    await north.kill();
    rmSync(at('north', 'state'), { recursive: true });
    const back = await cli('north', 'restore', file, '--identity', at('backup.key'));
    expect(back).toMatchObject({ code: 0, stdout: expect.stringContaining(': valid') });
    const again = await run('north');
    expect(await again.until(({ type }) => type === 'granted')).toMatchObject({ person: 'ada' });
    await again.stop();
    const seam = await cli('north', 'audit', 'verify');
    expect(seam).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(
        `seam: entry ${manifest.journal.n + 1}: goes on from entry ${manifest.journal.n} of the backup of ${manifest.time}`,
      ),
    });
    expect(seam.stdout).toContain('signature valid');
    // An archive whose end was cut off is found out by the journal that names it.
    const [segment = ''] = readdirSync(at('south', 'state', 'journal-archive', archive)).filter((other) =>
      /^\d+\.jsonl$/.test(other),
    );
    const path = at('south', 'state', 'journal-archive', archive, segment);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, text.slice(0, -1).lastIndexOf('\n') + 1));
    rmSync(at('south', 'state', 'journal-archive', archive, 'head.json'));
    expect(await cli('south', 'audit', 'verify', '--archive', archive)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`entry 1 of the gate's own journal knows its entry ${manifest.journal.n}`),
    });
  },
  180_000,
);
