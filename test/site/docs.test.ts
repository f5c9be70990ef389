import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ERROR_CODES, responseSchema } from '../../src/site/messages.js';
import { topicsOf } from '../../src/site/topics.js';
import { configFor, gateOver, mqttLink, Watcher } from './harness.js';
import { startMosquitto } from './mosquitto.js';
import { until } from './until.js';

const page = readFileSync(new URL('../../docs/mqtt.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, text]) => text ?? '');
/** `kaimon` is the one of this folder. */
const scripts = fileURLToPath(new URL('../../scripts', import.meta.url));
const env = { ...process.env, PATH: [scripts, process.env['PATH']].join(delimiter) };
const topics = topicsOf({ site: 'home', gate: 'north' });

/** Runs a block of the page in bash, with the page's names and helper before it. @returns its standard output */
function run(folder: string, names: string, block: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', `${names}\n${block}`], {
      cwd: folder,
      timeout: 20_000,
      env,
    });
    let said = '';
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(said);
      else reject(new Error(`ended with ${code}: ${block}\n${said}`));
    });
  });
}

test('every command that docs/mqtt.md prints does what the page says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kaimon-docs-'));
  const photo = Buffer.alloc(300_000, 7);
  photo.set([0xff, 0xd8, 0xff]);
  writeFileSync(join(folder, 'ada.jpg'), photo);
  const mosquitto = await startMosquitto();
  const { outbox, stop, calls } = gateOver(mqttLink(configFor(mosquitto.url), 'north'), 'north');
  const link = mqttLink(configFor(mosquitto.url, { clientId: 'watcher' }), 'watcher');
  const watcher = await new Watcher(link).watch(['kaimon/#']);
  const answers = () => watcher.received.filter(({ topic }) => topic.includes('/response/')).length;
  await until('the gate is online', () => watcher.on(topics.state).length > 0);
  try {
    const [names, ...commands] = blocks;
    if (names === undefined) throw new Error('the page has no names');
    expect(names).toContain('PORT=1883');
    const here = names.replace('PORT=1883', `PORT=${mosquitto.port}`);
    const said: string[] = [];
    for (const command of commands) {
      // Commands that wait for messages for ever are ended after one message.
      const watching = /mosquitto_sub (?!.*-C 1)/.test(command);
      if (!watching) {
        const before = answers();
        said.push(await run(folder, here, command));
        // One after the other, as a person types them: a gate serves four of a verb at a time.
        const asked = command.match(/\/request\//g)?.length ?? 0;
        await until('the gate has answered', () => answers() >= before + asked);
      } else {
        const watched = run(folder, here, command.replace('mosquitto_sub', 'mosquitto_sub -C 1 -W 10'));
        // Events and answers for it, until it has shown one.
        let over = false;
        const end = watched.finally(() => {
          over = true;
        });
        while (!over) {
          outbox.add('granted', { person: 'ada' });
          const ping = `printf '%s' "$(request '{}')" | mosquitto_pub -h $HOST -p $PORT -q 1 -t ${topics.request('ping')} -s`;
          await run(folder, here, ping);
        }
        said.push(await end);
      }
    }
    const verbs = calls.filter(({ context }) => context.by === 'office').map(({ verb }) => verb);
    expect(verbs.filter((verb) => verb !== 'ping')).toEqual([
      'enroll',
      'enroll',
      'enroll',
      'verify',
      'snapshot',
      'remove',
      'remove',
      'open',
      'people',
      'journal',
    ]);
    const enrolled = calls.filter(({ verb }) => verb === 'enroll').map(({ args }) => args);
    expect(enrolled).toMatchObject([
      { name: 'Ada', groups: ['staff'] },
      { name: 'Ada', groups: ['staff'] },
      { name: 'Grace', from: 'camera' },
    ]);
    for (const args of enrolled.slice(0, 2) as { photo: Uint8Array }[])
      expect(Buffer.compare(args.photo, photo)).toBe(0);
    const output = said.join('\n');
    expect(output).toContain('"did":"ping"');
    expect(output).toContain('"did":"people"');
    expect(output).toContain('"status":"online"');
    expect(output).toContain('"type":"granted"');
    expect(output).toContain('1 gate, and it is well');
    for (const { payload } of watcher.received.filter(({ topic }) => topic.includes('/response/'))) {
      expect(responseSchema.parse(JSON.parse(Buffer.from(payload).toString()))).toMatchObject({ ok: true });
    }
  } finally {
    await stop();
    await link.end();
    await mosquitto.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

test('docs/mqtt.md explains every error code of the gate', () => {
  // The reasons of decisions are explained with the decisions.
  const elsewhere = [
    'nobody',
    'ambiguous',
    'liveness-unknown',
    'door-mode',
    'door-fault',
    'clock',
    'lockout',
    'cooldown',
    'model-fault',
  ];
  const missing = ERROR_CODES.filter((code) => !elsewhere.includes(code) && !page.includes(`\`${code}\``));
  expect(missing).toEqual([]);
});
