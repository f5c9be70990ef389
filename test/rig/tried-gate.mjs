// One gate with its faults: started as systemd does, and tried at every end.
import { closeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackOffice } from '../../dist/demo/back-office.js';
import { startBroker } from '../../dist/site/link/embedded-broker.js';
import { call } from './faults.mjs';
import {
  ANSWER_MS,
  answerOf,
  BUTTON,
  configOf,
  entriesIn,
  FIRE,
  makeFolders,
  pause,
  STARTED_MS,
  startGate,
  within,
} from './gate-process.mjs';

const START_MS = 150_000;
/** For a face: a round of the film, and the eye's start on a slow machine. */
const FACE_MS = 60_000;
/** How long one watches that nobody is let in by face, once the state has said why. */
const BLIND_MS = 5_000;
const BROKER_MS = 20_000;
const DISK = 'size=8m,mode=0700';

/** @param faults of test/rig/faults.mjs, in their order */
export async function tryGate(folder, prepared, faults) {
  const state = makeFolders(folder);
  call('mount', '-t', 'tmpfs', '-o', DISK, 'tmpfs', state);
  const broker = await startBroker();
  try {
    writeFileSync(join(state, 'people.json'), prepared.people, { mode: 0o600 });
    const config = configOf(prepared.film, broker.url);
    const set = { folder, state, config, root: prepared.root, log: undefined };
    for (const { before } of faults) before(set, prepared);
    return await tried(set, prepared, broker, faults);
  } finally {
    await broker.close();
    call('umount', '-l', state);
  }
}

async function tried(set, prepared, broker, faults) {
  const gate = startGate(set);
  const has = (name) => faults.some((fault) => fault.name === name);
  const office = await BackOffice.connect(broker.url, { site: 'rig', gate: 'rig' }, () => undefined);
  try {
    const starts = await within(START_MS, () => gate.ready() || gate.ended());
    const up = starts && !gate.ended();
    const found = { starts: up ? 'yes' : `no${gate.ended() ? ` (${gate.ended()})` : ''}` };
    await pause(STARTED_MS);
    found.loopAtStart = gate.loop.take();
    found.button = await gate.opens(BUTTON);
    found.fire = await gate.opens(FIRE);
    found.faces =
      starts &&
      (await facesOf(
        gate,
        faults.every(({ sees }) => sees !== false),
      ));
    found.requests = has('no broker') ? '–' : await answerOf(office, 'open', {});
    found['change of people'] = has('no broker') ? '–' : await answerOf(office, 'remove', { id: prepared.removed });
    found.journal = (await within(ANSWER_MS, () => entriesIn(set.state) > 0)) ? 'written' : 'waits';
    const { all, own } = gate.loop.take();
    found.loop = `${own} ms (${all})`;
    // Said once it has been away for a while.
    if (has('no broker')) await within(BROKER_MS, () => gate.problems().some((text) => text.startsWith('no broker')));
    // systemctl's line is cut off at 1000 characters; without a broker there is nothing else.
    const said = office.state?.problems ?? gate.problems();
    found.state = said.map((text) => text.replaceAll(set.folder, '…').replaceAll(prepared.folder, '…'));
    return found;
  } finally {
    await office.close();
    await gate.end();
    for (const fd of [set.held, set.log]) if (fd !== undefined) closeSync(fd);
  }
}

/** Whether Ada, who comes again and again in the film, is let in. */
async function facesOf(gate, expected) {
  if (gate.ended()) return 'no';
  // Without a camera only an eye that is up can say so.
  if (!expected) await within(START_MS, () => gate.problems().some((text) => /^(no (?!broker)|people )/.test(text)));
  const before = gate.rises();
  return (await within(expected ? FACE_MS : BLIND_MS, () => gate.rises() > before || gate.ended())) && !gate.ended()
    ? 'yes'
    : 'no';
}
