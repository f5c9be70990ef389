// node seal-people.mjs FILE: two people in a plain people.json, as the gate's own encoder would have them. For test/vm/seal-guest.sh.
import { loadConfig } from '../../dist/config/load.js';
import { createLog } from '../../dist/kit/log.js';
import { systemClock as clock } from '../../dist/kit/system-clock.js';
import { encodeVector } from '../../dist/kit/vector.js';
import { encoderId, findModel } from '../../dist/models/manifest.js';
import { loadManifest } from '../../dist/models/model-files.js';
import { PeopleStore } from '../../dist/store/people-store.js';

const { config } = loadConfig({ file: undefined, env: {}, overrides: {} });
const model = findModel(loadManifest(), 'encoder', config.encoder);
const encoder = encoderId(model);
const log = createLog('warn', 'people');
const store = await PeopleStore.open({ file: process.argv[2], encoder, gate: 'gate', clock, log });
for (const [id, axis] of [
  ['zoe', 0],
  ['bob', 1],
]) {
  const vector = Float32Array.from({ length: model.output.dimension }, (_, at) => (at === axis ? 1 : 0));
  const template = { encoder, vector: encodeVector(vector), quality: 0.9, added: new Date().toISOString() };
  const open = { language: null, greeting: null, groups: [], validFrom: null, validUntil: null };
  await store.put({ id, name: `Person ${id}`, ...open, templates: [template], by: 'test' });
}
await store.close();
