/**
 * The child process of `kaimon models add`: runs a network that somebody brought on the sample photos. The file is not trusted: what
 * ends this process, or never ends, is told by the parent. Requests on standard input, answers on file descriptor 3.
 */
import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { Network } from '../face/network.js';
import { explain } from '../kit/errors.js';
import { encodeMessage, MessageReader } from '../kit/framing.js';
import { loadOpenCv } from '../kit/opencv/binding.js';
import { type AlignedFace, SampleFaces } from './added/sample-faces.js';
import { COMPARING, type FromTrial, type TrialRow, type TrialSettings, toTrialSchema } from './added/trial-protocol.js';

const out = new Socket({ fd: 3, readable: false, writable: true });
const tell = (message: FromTrial, blob?: Buffer) => out.write(encodeMessage(message, blob));

/** Runs that are not counted: the first ones load and lay out memory. */
const WARM_UP = 3;

let settings: TrialSettings | undefined;
const photos: Buffer[] = [];
const reader = new MessageReader();

raiseOomScore();
process.stdin.on('data', (chunk: Buffer) => {
  for (const { json, blob } of reader.feed(chunk)) {
    const message = toTrialSchema.parse(json);
    if (message.kind === 'settings') settings = message.settings;
    // The reader uses its buffer again.
    if (message.kind === 'photo') photos.push(Buffer.from(blob));
    if (message.kind === 'end') attempt();
  }
});
// The parent is gone: nobody waits for the answer.
process.stdin.on('end', () => process.exit(1));

/** A network that takes all memory must end this process and no other. */
function raiseOomScore(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch (thrown) {
    process.stderr.write(`oom_score_adj was not set: ${explain(thrown)}\n`);
  }
}

function attempt(): void {
  tryOut()
    .catch((thrown: unknown) => tell({ kind: 'fault', message: explain(thrown).slice(0, 4000) }))
    .finally(() => out.end(() => process.exit(0)));
}

async function tryOut(): Promise<void> {
  if (!settings) throw new Error('settings come first');
  const { encoder, compareMs } = settings;
  const [reading, ...others] = encoder.inputs;
  if (!reading) throw new Error('a reading is needed');
  const load = (input: typeof reading) =>
    Network.load(encoder.file, input, { output: encoder.output }).catch((thrown: Error) => {
      // What else the error says is meant for networks that are in place.
      throw new Error(`ONNX Runtime cannot load it (${explain(thrown.cause ?? thrown)})`);
    });
  await loadOpenCv();
  const network = await load(reading);
  tell({ kind: 'progress', text: 'the network is loaded; looking for the faces of the samples' });
  const faces = await SampleFaces.load(settings);
  const found: (AlignedFace & { photo: number })[] = [];
  for (const [photo, bytes] of photos.entries())
    for (const face of await faces.of(bytes)) found.push({ ...face, photo });
  tell({ kind: 'progress', text: `${found.length} pictures of faces; encoding them` });
  const rows: TrialRow[] = [];
  const numbers: Float32Array[] = [];
  const times: number[] = [];
  const encode = async (by: Network, place: number, faces: typeof found) => {
    for (const { photo, face, variant, aligned } of faces) {
      const began = performance.now();
      const [output] = await by.run(aligned);
      times.push(performance.now() - began);
      rows.push({ reading: place, photo, face, variant });
      numbers.push(Float32Array.from(output ?? []));
    }
  };
  await encode(network, 0, found);
  const encodeMs = median(times.slice(WARM_UP));
  const comparing = found.filter(({ variant }) => variant === null || COMPARING.includes(variant));
  if (encodeMs * comparing.length <= compareMs)
    for (const [place, input] of others.entries()) await encode(await load(input), place + 1, comparing);
  const [dimension] = new Set(numbers.map(({ length }) => length));
  if (numbers.some(({ length }) => length !== dimension))
    throw new RangeError('the network does not always give as many numbers');
  tell({ kind: 'rows', rows, dimension: dimension ?? 0, encodeMs }, blobOf(numbers));
}

function blobOf(rows: readonly Float32Array[]): Buffer {
  const blob = Buffer.alloc(rows.reduce((sum, { length }) => sum + length * 4, 0));
  let at = 0;
  for (const row of rows) for (const value of row) at = blob.writeFloatLE(value, at);
  return blob;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
