import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERROR_CODES, responseSchema } from '../../src/site/messages.js';
import { topicsOf } from '../../src/site/topics.js';
import { configFor, gateOver, mqttLink, request, Watcher } from './harness.js';
import { startMosquitto } from './mosquitto.js';
import { person, version } from './sync/memory-people.js';
import { until } from './until.js';

const page = readFileSync(new URL('../../docs/mqtt.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, text]) => text ?? '');
const topics = topicsOf({ site: 'home', gate: 'north' });

/** Runs a block of the page in bash, with the page's names and helper before it. @returns its standard output */
function run(folder: string, names: string, block: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', `${names}\n${block}`], { cwd: folder, timeout: 20_000 });
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
        if (command.includes('/request/')) await until('the gate has answered', () => answers() > before);
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
      'remove',
      'remove',
      'open',
      'people',
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

test("the page's broker settings and access list are enough for gates and office, and keep others out", async () => {
  const [settings, access] = [...page.matchAll(/```\n(listener|user)(.*?)```/gs)].map(
    ([, head, rest]) => `${head}${rest}`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'kaimon-access-'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'acl'), access ?? '');
  const lines = (settings ?? '')
    .split('\n')
    .filter((line) => line !== '' && !/^(#|listener|allow_anonymous)/.test(line));
  expect(lines).toContain('max_queued_messages 0');
  const mosquitto = await startMosquitto([
    ...lines,
    `persistence_location ${folder}/`,
    `acl_file ${join(folder, 'acl')}`,
  ]);
  const as = (username: string) => mqttLink(configFor(mosquitto.url, { username }), username);
  const [north, south] = [gateOver(as('north'), 'north'), gateOver(as('south'), 'south')];
  const office = await new Watcher(as('office')).watch(['kaimon/#']);
  const stranger = await new Watcher(as('stranger')).watch(['kaimon/#']);
  try {
    north.people.put(person('ada', version(1)));
    await until('south knows Ada', () => south.people.get('ada') !== undefined);
    await until('north is online', () => office.on(topics.state).length > 0);
    await until('north has published its info', () => office.on(topics.info).length > 0);
    const body = request();
    const once = { retain: false, qos: 1 } as const;
    const uninvited = stranger.link.publish(topics.request('open'), JSON.stringify(request()), once);
    await expect(uninvited).rejects.toMatchObject({ code: 'KAIMON_MQTT_REFUSED' });
    expect(stranger.received.filter(({ topic }) => !/people|state|info|digest|request/.test(topic))).toEqual([]);
    await office.link.publish(topics.request('open'), JSON.stringify(body), once);
    await until('the office has its answer', () => office.answer(body.id) !== undefined);
    north.outbox.add('granted');
    await until('the office receives the event', () => office.on(topics.event).length > 0);
    expect(north.calls).toHaveLength(1);
    expect(office.received.filter(({ topic }) => topic.endsWith('/sync')).length).toBeGreaterThan(0);
  } finally {
    for (const gate of [north, south]) await gate.stop();
    for (const { link } of [office, stranger]) await link.end();
    await mosquitto.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
