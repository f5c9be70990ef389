// What is done on one host, step by step. Each returns an outcome and never throws for what a host does: no host may harm the work on another.
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { onHost } from './ssh.mjs';

/**
 * Outcomes: `well`, `rolled-back`, `failed` (not well and not back either, or unknown), `refused` (untouched), `unreachable`, `skipped` (untouched);
 * of --status `at-work` (each gate is active), `not-at-work`, `switching`.
 */
const outcome = (host, result, why, more = {}) => ({ host, result, why, ...more });

const RECONNECT_MS = 2000;
/** The host answers `going` after twenty seconds; one in wrong hands may do so at once. */
const GOING_MS = 500;
const COPIES_MAX = 3;
/** So long a host that is busy is asked again: a copy that was cut off without a word is given up by it after a minute. */
const BUSY_MS = 100_000;
/** Beside the time for health: waiting for people in the door, stopping, rolling back. */
const SWITCH_SPARE_MS = 360_000;

export async function inspectHost(host, options) {
  const { answers, gates, connected, ok, why } = await onHost(host, 'inspect', [], { ...options, limitMs: 60_000 });
  if (!connected) return { unreachable: outcome(host, 'unreachable', why) };
  if (!ok || answers.architecture === undefined)
    return { unreachable: outcome(host, 'unreachable', why ?? 'it does not answer as a gate does') };
  const releases = (answers.releases ?? '').split(' ').filter((name) => name !== '');
  const { architecture, obstacle, current, previous, trusts, switching, last } = answers;
  return { architecture, obstacle, current, previous, trusts, switching, last, releases, gates };
}

export async function statusOfHost(host, options) {
  const found = await inspectHost(host, options);
  if (found.unreachable) return found.unreachable;
  const { current, previous, releases, gates, obstacle, last } = found;
  const result = found.switching ? 'switching' : everyGateActive(gates) ? 'at-work' : 'not-at-work';
  return outcome(host, result, obstacle || (last && `last switch: ${last}`), { current, previous, releases, gates });
}

const everyGateActive = (gates) => gates.length > 0 && gates.every((gate) => gate.split(' ')[1] === 'active');

export async function trustOnHost(host, signers, options) {
  const done = await onHost(host, 'trust', [options.replaceTrust ? 'replace' : 'keep'], {
    ...options,
    payload: [signers],
  });
  if (done.ok) return outcome(host, 'well', 'trusts these signers');
  return outcome(host, done.connected ? 'refused' : 'unreachable', done.why);
}

/** @param tell called with (host, text) @param parcel undefined: back to the release before */
export async function deployToHost(host, parcel, options, tell) {
  const found = await inspectHost(host, options);
  if (found.unreachable) return found.unreachable;
  const release = parcel?.release ?? found.previous;
  const from = found.current || 'nothing';
  if (!parcel && !release) return outcome(host, 'refused', 'no release before the one at work is known');
  if (found.obstacle) return outcome(host, 'refused', found.obstacle);
  if (parcel && parcel.architecture !== found.architecture)
    return outcome(
      host,
      'refused',
      `the package is for ${parcel.architecture}, and this host is ${found.architecture}`,
    );
  if (options.dryRun) {
    const copy =
      !parcel || found.releases.includes(release)
        ? 'nothing to copy'
        : `${Math.ceil(parcel.bytes.length / 1e6)} MB to copy`;
    if (parcel && !(Number(found.trusts) > 0))
      return outcome(host, 'refused', 'this host trusts no signer yet: --trust SIGNERS');
    return outcome(host, 'well', `would go from ${from} to ${release}: ${copy}, ${found.gates.length} gates`);
  }
  if (parcel) {
    const failed = await send(host, parcel, found.releases.includes(release), options, tell);
    if (failed) return failed;
  }
  tell(host, `from ${from} to ${release}`);
  return switchTo(host, release, options, tell);
}

async function send(host, { release, sha256, bytes, signature }, there, options, tell) {
  const asked = [options.downgrade ? 'downgrade' : 'newer', options.installDependencies ? 'install' : 'none'];
  const args = [release, sha256, bytes.length, signature.length, ...asked];
  const busyUntil = Date.now() + BUSY_MS;
  for (let tries = 1; ; tries++) {
    tell(host, there ? 'the release is there already' : `copying ${(bytes.length / 1e6).toFixed(1)} MB`);
    const payload = there ? [] : [bytes, signature];
    const done = await onHost(host, 'receive', args, {
      ...options,
      payload,
      onProgress: (text) => tell(host, text),
      limitMs: 3_600_000,
    });
    if (done.ok) return undefined;
    if (done.refused !== undefined) return outcome(host, 'refused', done.why);
    if (done.busy !== undefined) {
      if (Date.now() >= busyUntil) return outcome(host, 'refused', done.why);
      tell(host, `${done.why}; waiting`);
      await pause(RECONNECT_MS);
      tries--;
      continue;
    }
    if (tries >= COPIES_MAX)
      return outcome(host, done.connected ? 'refused' : 'unreachable', `${done.why}; nothing was switched`);
    tell(host, `${done.why}; again`);
    await pause(RECONNECT_MS);
  }
}

/** Asks for the switch, and what became of it until that is known: it goes on without a connection. */
async function switchTo(host, release, options, tell) {
  const run = randomBytes(8).toString('hex');
  const { healthSeconds, steadySeconds, keep } = options;
  const deadline = Date.now() + healthSeconds * 1000 + SWITCH_SPARE_MS;
  let told = 0;
  let begun = false;
  let unknown = false;
  let why = '';
  while (Date.now() < deadline) {
    if (!begun) {
      const asked = await onHost(host, 'switch', [release, run, healthSeconds, steadySeconds, keep], {
        ...options,
        onProgress: (text) => tell(host, text),
      });
      // Asked twice under the same name it is begun once.
      if (asked.refused !== undefined || asked.busy !== undefined) return outcome(host, 'refused', asked.why);
      begun = asked.ok === true && asked.connected;
      // Without an answer nobody knows.
      unknown ||= !asked.connected;
      why = asked.why ?? '';
    }
    if (begun) {
      const onProgress = (text) => {
        told++;
        tell(host, text);
      };
      const {
        answers,
        connected,
        why: broken,
      } = await onHost(host, 'follow', [run, told], { ...options, onProgress, limitMs: 60_000 });
      if (connected && ['healthy', 'rolled-back', 'failed', 'refused'].includes(answers.outcome)) {
        const result = answers.outcome === 'healthy' ? 'well' : answers.outcome;
        return outcome(host, result, answers.why, { release, seconds: Number(answers.seconds) || 0 });
      }
      // The connection was cut while the host looked at the release, and it ended with a no that nobody heard, or was ended.
      if (connected && answers.outcome === 'unbegun') {
        begun = false;
        await pause(RECONNECT_MS);
        continue;
      }
      if (connected && answers.outcome === 'none')
        return outcome(host, 'failed', 'the host knows nothing of the switch any more');
      if (connected && answers.outcome === 'going') {
        await pause(GOING_MS);
        continue;
      }
      why = broken ?? why;
    }
    tell(host, `no connection (${why}): the host goes on alone; asking again`);
    await pause(RECONNECT_MS);
  }
  return outcome(
    host,
    begun || unknown ? 'failed' : 'unreachable',
    `it could not be asked any more what became of the switch (${why})`,
  );
}
