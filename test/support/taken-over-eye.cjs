// Stands where the eye's program stands and does what somebody would who took the eye over: tries to reach everything that is not the
// eye's. The first request, of kind "photo", brings what to try as JSON; the answer, of kind "fault", says for each attempt "refused …" or what
// came of it. Runs under the plain Node of the machine, without packages.
const fs = require('node:fs');
const net = require('node:net');
const dgram = require('node:dgram');
const { spawnSync } = require('node:child_process');

const pack = (json) => {
  const text = Buffer.from(JSON.stringify(json));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(4 + text.length, 0);
  head.writeUInt32BE(text.length, 4);
  return Buffer.concat([head, text]);
};
const refused = (error) => `refused ${error.code ?? error.message}`;
const attempt = (act) => {
  try {
    return act();
  } catch (error) {
    return refused(error);
  }
};

const read = (path) =>
  attempt(
    () =>
      `read ${(fs.statSync(path).isDirectory() ? fs.readdirSync(path).join() : fs.readFileSync(path, 'latin1')).slice(0, 30)}`,
  );
const write = (folder) =>
  attempt(() => {
    fs.writeFileSync(`${folder}/planted`, 'x');
    return 'written';
  });
const openForWriting = (path) =>
  attempt(() => {
    fs.closeSync(fs.openSync(path, 'r+'));
    return 'opened';
  });
const signal = (pid) =>
  attempt(() => {
    // 0 asks whether a signal could be sent, and sends none.
    process.kill(pid, 0);
    return 'can be signalled';
  });
const connect = (to) =>
  new Promise((resolve) => {
    try {
      const socket = net.connect(to);
      socket.setTimeout(3000, () => resolve('refused by silence'));
      socket.on('connect', () => resolve('connected'));
      socket.on('error', (error) => resolve(refused(error)));
    } catch (error) {
      resolve(refused(error));
    }
  });
const sendUdp = (port) =>
  new Promise((resolve) => {
    try {
      const socket = dgram.createSocket('udp4');
      socket.on('error', (error) => resolve(refused(error)));
      socket.send('hello', port, '127.0.0.1', (error) => resolve(error ? refused(error) : 'sent'));
    } catch (error) {
      resolve(refused(error));
    }
  });
// What feeds the gate's watchdog is a datagram to systemd's socket; its own tool sends it.
const feedWatchdog = (socket) => {
  const { status, error } = spawnSync('systemd-notify', ['WATCHDOG=1'], {
    env: { ...process.env, NOTIFY_SOCKET: socket },
  });
  if (error) return refused(error);
  return status === 0 ? 'sent' : `refused exit ${status}`;
};

async function all({ files, folders, devices, pids, sockets, ports, notifySocket }) {
  const found = {};
  for (const path of files) found[`read ${path}`] = read(path);
  for (const path of folders) found[`write ${path}`] = write(path);
  for (const path of devices) found[`open ${path}`] = openForWriting(path);
  for (const pid of pids) {
    found[`signal ${pid}`] = signal(pid);
    found[`environment of ${pid}`] = read(`/proc/${pid}/environ`);
    found[`memory of ${pid}`] = openForWriting(`/proc/${pid}/mem`);
  }
  for (const path of sockets) found[`socket ${path.replace('\0', '@')}`] = await connect({ path });
  for (const port of ports) {
    found[`tcp ${port}`] = await connect({ port, host: '127.0.0.1' });
    found[`udp ${port}`] = await sendUdp(port);
  }
  found['tcp outside'] = await connect({ port: 80, host: '192.0.2.1' });
  found['watchdog'] = feedWatchdog(notifySocket);
  return found;
}

let input = Buffer.alloc(0);
process.stdin.on('data', async (chunk) => {
  input = Buffer.concat([input, chunk]);
  if (input.length < 8 || input.length < 4 + input.readUInt32BE(0)) return;
  const plan = JSON.parse(input.subarray(8 + input.readUInt32BE(4)).toString());
  input = Buffer.alloc(0);
  const found = await all(plan);
  const others = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
  fs.writeSync(
    3,
    pack({
      kind: 'fault',
      code: 'x',
      message: JSON.stringify({ found, processes: others, env: Object.keys(process.env) }),
    }),
  );
});
process.stdin.on('end', () => process.exit(0));
