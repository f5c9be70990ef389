// node scripts/trace-network.mjs FOLDER [--json]: reads the files of `strace -ff` and says what was reached. Exits 1 when anything
// but loopback and local sockets was, or a file that identifies the device was opened.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files that identify the device, or that telemetry keeps. */
const IDENTIFYING = [
  /^\/etc\/machine-id$/,
  /^\/var\/lib\/dbus\/machine-id$/,
  /^\/sys\/(class|devices\/virtual)\/dmi\/id\//,
  /^\/proc\/device-tree\/serial-number$/,
  /^\/sys\/firmware\/devicetree\/base\/serial-number$/,
  /^\/sys\/class\/net\/[^/]+\/address$/,
  /\/(Microsoft|ApplicationInsights)\//i,
  /mat-debug|device-?id|telemetry\b.*\.(json|db|dat|ses)$/i,
];
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;

const found = {
  calls: 0,
  programs: new Map(),
  sockets: new Map(),
  reached: new Map(),
  local: new Map(),
  bound: new Map(),
  identifying: new Map(),
  hidden: 0,
};
const count = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);

/** What an address in a call means: `sa_family=AF_INET, sin_port=htons(1883), sin_addr=inet_addr("127.0.0.1")`. */
function addressOf(line) {
  const [, family] = /sa_family=(AF_\w+)/.exec(line) ?? [];
  if (family === 'AF_INET' || family === 'AF_INET6') {
    const [, host] = /inet_addr\("([^"]+)"\)/.exec(line) ?? /inet_pton\(AF_INET6, "([^"]+)"/.exec(line) ?? [];
    const [, port] = /sin6?_port=htons\((\d+)\)/.exec(line) ?? [];
    return { family, host: host ?? 'unreadable', port };
  }
  if (family === 'AF_UNIX') return { family, path: /sun_path=(@?"[^"]*")/.exec(line)?.[1] ?? '(unnamed)' };
  return family && { family };
}

/** @param program what this thread runs, as far as its own calls tell. @returns the same after this line */
function hear(program, line) {
  const [, call] = /^(\w+)\(/.exec(line) ?? [];
  if (!call) return program;
  found.calls += 1;
  const failed = / = -1 /.test(line);
  if (call === 'io_uring_setup' && !failed) found.hidden += 1;
  if (call === 'execve') {
    if (failed) return program;
    const started = /"([^"]+)"/.exec(line)?.[1] ?? '?';
    count(found.programs, started);
    return started;
  }
  if (call.startsWith('open')) {
    const path = /"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? '';
    // A file that is not there is listed as well: somebody wanted it.
    if (IDENTIFYING.some((pattern) => pattern.test(path)))
      count(found.identifying, `${path}${failed ? ' (not there)' : ''} by ${program}`);
  } else if (call === 'socket') count(found.sockets, /\((AF_\w+, SOCK_\w+)/.exec(line)?.[1] ?? '?');
  else {
    const address = addressOf(line);
    if (!address) return program;
    const text = address.host ? `${address.host}:${address.port}` : `${address.family} ${address.path ?? ''}`.trim();
    if (call === 'bind') count(found.bound, text);
    else if (address.host === undefined) count(found.local, text);
    else count(found.reached, text);
  }
  return program;
}

const [folder = '', ...options] = process.argv.slice(2);
for (const name of readdirSync(folder)) readFileSync(join(folder, name), 'utf8').split('\n').reduce(hear, 'node');

const hostOf = (address) => address.slice(0, address.lastIndexOf(':'));
const outside = [...found.reached].filter(([address]) => !LOOPBACK.test(hostOf(address)));
const opened = [...found.bound].filter(([address]) => !address.startsWith('AF_') && !LOOPBACK.test(hostOf(address)));
const loopback = [...found.reached].filter(([address]) => LOOPBACK.test(hostOf(address)));
const faults = [
  ...outside.map(([address, times]) => `${address} was reached for, ${times} times`),
  ...opened.map(([address]) => `a socket was bound to ${address}, which others can reach`),
  ...[...found.identifying].map(([path, times]) => `${path} was opened, ${times} times`),
  ...(found.hidden > 0 ? ['io_uring was used: calls may be hidden'] : []),
  ...(found.calls === 0 ? ['nothing was traced'] : []),
];
if (options.includes('--json')) {
  const plain = Object.fromEntries(
    Object.entries(found).map(([name, value]) => [name, value instanceof Map ? Object.fromEntries(value) : value]),
  );
  process.stdout.write(`${JSON.stringify({ ok: faults.length === 0, faults, ...plain })}\n`);
} else {
  const list = (title, entries) =>
    console.log(`${title}: ${entries.map(([what, times]) => `${what} (${times})`).join(', ') || 'none'}`);
  console.log(`${found.calls} calls of ${readdirSync(folder).length} threads`);
  list('programs', [...found.programs]);
  list('sockets made', [...found.sockets]);
  list('listened on', [...found.bound]);
  list('loopback, spoken to', loopback);
  list('local sockets, spoken to', [...found.local]);
  list('elsewhere', outside);
  list('files that identify the device', [...found.identifying]);
  for (const fault of faults) console.log(`FAULT: ${fault}`);
  console.log(faults.length === 0 ? 'nothing left the machine' : `${faults.length} faults`);
}
process.exit(faults.length === 0 ? 0 : 1);
