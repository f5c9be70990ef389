// One step on one host, over ssh. What comes back is data of a machine that may be in wrong hands: bounded, and printed without control characters.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const PARTS = ['host-common.sh', 'host-receive.sh', 'host-data.sh', 'host-switch.sh', 'host-judge.sh'];
/** The host's part; sent at each step, so that nothing that lies on the host is believed. */
export const HOST_SCRIPT = PARTS.map((part) => readFileSync(new URL(part, import.meta.url), 'utf8')).join('\n');

const DEFAULTS = ['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=5', 'ServerAliveCountMax=3'];
/** What a step may say; anything else is not taken. */
const KEYS = new Set([
  ...['refused', 'busy', 'cut', 'done', 'outcome', 'why', 'seconds'],
  ...['architecture', 'free', 'obstacle', 'current', 'previous', 'releases', 'trusts', 'switching', 'last'],
]);
const GATES_MAX = 64;
const ANSWER_BYTES_MAX = 256 * 1024;
const TEXT_CHARS_MAX = 500;
/** What ssh itself ends with where there is no connection, or none any more. */
const NO_CONNECTION = 255;

/** For a terminal: no control characters, no marks that turn text around, not endless. */
export const printable = (text) =>
  [...String(text).replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+/gu, ' ')].slice(0, TEXT_CHARS_MAX).join('').trim();

const quoted = (word) => `'${String(word).replaceAll("'", "'\\''")}'`;

/** The command for the host's shell, whichever it is: a bash of root takes the script from standard input and runs it; the rest is payload. */
function remoteCommand(verb, args) {
  const loader = 's=$(head -c "$1") || exit 5; shift; exec /bin/bash -c "$s" kaimon-deploy "$@"';
  const asRoot = 'a=; [ "$(id -u)" = 0 ] || a="sudo -n"; exec $a /bin/bash -c "$0" kaimon-deploy "$@"';
  const words = [loader, Buffer.byteLength(HOST_SCRIPT), verb, ...args];
  return `exec /bin/sh -c ${quoted(asRoot)} ${words.map(quoted).join(' ')}`;
}

/**
 * Runs one step on `host`.
 * @param payload bytes for the step's standard input
 * @param onProgress called with each line of progress
 * @returns `connected`: whether the connection held to the end; `refused`; `busy`: refused for now; `answers`: what the step said, by key; `why`: what else was said where it failed
 */
export function onHost(host, verb, args, { sshOptions, payload = [], onProgress, limitMs = 600_000 }) {
  const options = [...sshOptions, ...DEFAULTS].flatMap((option) => ['-o', option]);
  const child = spawn('ssh', ['-T', ...options, '--', host, remoteCommand(verb, args)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  child.stdin.on('error', () => {
    // A step that refuses does not read what it is sent; its answer says why.
  });
  child.stdin.write(HOST_SCRIPT);
  for (const bytes of payload) child.stdin.write(bytes);
  child.stdin.end();

  const answers = {};
  const gates = [];
  let left = ANSWER_BYTES_MAX;
  let line = '';
  let errors = '';
  child.stderr.on('data', (bytes) => {
    errors = `${errors}${bytes}`.slice(-4096);
  });
  child.stdout.on('data', (bytes) => {
    left -= bytes.length;
    if (left < 0) return child.kill('SIGKILL');
    const lines = `${line}${bytes}`.split('\n');
    line = lines.pop();
    for (const each of lines) {
      const [, key, value] = /^deploy: ([a-z]+)=(.*)$/.exec(each) ?? [];
      if (key === 'progress') onProgress?.(printable(value));
      else if (key === 'gate' && gates.length < GATES_MAX) gates.push(printable(value));
      else if (KEYS.has(key)) answers[key] = printable(value);
    }
  });
  return new Promise((resolve) => {
    child.on('error', (error) =>
      resolve({ connected: false, answers, gates, why: `ssh cannot be started: ${error.message}` }),
    );
    child.on('close', (code) => {
      clearTimeout(limit);
      const last =
        errors
          .split('\n')
          .map(printable)
          .filter((text) => text !== '')
          .pop() ?? '';
      const said = answers.refused ?? answers.busy ?? answers.cut;
      const why = said ?? (code === 0 ? undefined : last || `ssh ended with ${code ?? 'a signal'}`);
      // Cut off by the far end while it ran: sudo and shells say so with codes of their own, ssh with 255.
      resolve({
        connected: code !== NO_CONNECTION && code !== null && left >= 0,
        ok: code === 0,
        refused: answers.refused,
        busy: answers.busy,
        answers,
        gates,
        why,
      });
    });
  });
}
