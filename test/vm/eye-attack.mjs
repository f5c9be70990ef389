// node test/vm/eye-attack.mjs SOCKET STATE: in place of the gate, as its user, gets an eye from SOCKET whose program is
// test/support/taken-over-eye.cjs, and tells it what to try. Prints one line for each attempt; exits 1 when one of them came through.
import { writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { encodeMessage, MessageReader } from '../../dist/kit/framing.js';

const [path, state] = process.argv.slice(2);
const listening = (where) =>
  new Promise((resolve) => {
    const server = createServer().listen(where, () => resolve(server));
  });
writeFileSync('/dev/shm/of-the-gate', 'secret');
const broker = await listening(0);
await listening('\0kaimon-abstract');
const plan = {
  files: [
    state,
    join(state, 'people.json'),
    join(state, 'journal'),
    '/etc/kaimon',
    '/etc/kaimon/kaimon.yaml',
    '/etc/shadow',
    '/var/lib',
    '/dev/shm/of-the-gate',
  ],
  folders: [state, '/usr', '/opt/kaimon/dist', '/opt/kaimon', '/run', '/etc'],
  devices: ['/dev/gpiochip0', '/dev/mem', '/dev/vda', '/sys/class/gpio/export', '/sys/class/gpio/gpio512/value'],
  pids: [process.pid, 1],
  sockets: [
    '/run/dbus/system_bus_socket',
    '/run/systemd/private',
    '/run/systemd/journal/stdout',
    path,
    '\0kaimon-abstract',
  ],
  ports: [broker.address().port],
  notifySocket: '/run/systemd/notify',
};
const connection = createConnection({ path });
const reader = new MessageReader();
connection.write(encodeMessage({ kind: 'photo', id: 1 }, Buffer.from(JSON.stringify(plan))));
connection.on('error', (error) => {
  console.error(`no eye: ${error.message}`);
  process.exit(1);
});
connection.on('data', (chunk) => {
  for (const { json } of reader.feed(chunk)) {
    const { found, processes, env } = JSON.parse(json.message);
    for (const [what, came] of Object.entries(found))
      console.log(`${came.startsWith('refused') ? 'ok  ' : 'FAIL'} ${what}: ${came}`);
    const leaked = env.filter((name) => /^(NOTIFY|WATCHDOG|CREDENTIALS|KAIMON|DBUS|XDG)/.test(name));
    console.log(`${leaked.length === 0 ? 'ok  ' : 'FAIL'} environment: ${env.join(' ')}`);
    console.log(`     processes it sees: ${processes}`);
    const through = Object.values(found).some((came) => !came.startsWith('refused'));
    process.exit(through || leaked.length > 0 ? 1 : 0);
  }
});
connection.on('close', () => {
  console.error('the eye ended without an answer');
  process.exit(1);
});
