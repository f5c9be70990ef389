import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeFileAtomic } from '../../kit/files/atomic-file.js';
import { prepareNetworks } from '../added/owned.js';
import type { ModelOf } from '../manifest.js';
import { loadManifest, projectRoot } from '../model-files.js';
import { flushSmallNumbers } from '../onnx/small-numbers.js';
import { assertEmbeds } from './cmu-check.js';
import { CMU_NAME, cmuEntry } from './cmu-entry.js';
import { readOpenFaceArrays } from './cmu-files.js';
import { readPins } from './cmu-pins.js';
import { exportOpenFace } from './export.js';

export interface FetchOptions {
  /** A folder or an archive with the CSV files. */
  readonly from: string;
  /** Holds models/; by default this installation. */
  readonly root?: string | undefined;
  /** Where it shall lie; by default in the folder of the release. */
  readonly networks?: string | undefined;
  /** Sentences for a person. */
  readonly progress?: (line: string) => void;
}

/**
 * Makes `openface-cmu.onnx` from CMU's own weights and adds it to the networks of this installation. The same files
 * give the same bytes. The entry is written last, because Kaimon ignores a network without an entry.
 * @throws OperatingError KAIMON_OPENFACE_READ, KAIMON_OPENFACE_FILES, KAIMON_OPENFACE_CHECK, KAIMON_FILE_WRITE
 */
export async function fetchOpenFaceCmu(options: FetchOptions): Promise<ModelOf<'encoder'>> {
  const root = options.root ?? projectRoot();
  const progress = options.progress ?? (() => undefined);
  const pins = readPins(root);
  progress(`reading ${Object.keys(pins.arrays).length} files from ${options.from}`);
  const arrays = await readOpenFaceArrays(options.from, pins);
  progress('all files are the originals; making the network');
  // Single precision, 15 MB: the embeddings then equal CMU's to the last digits; half precision would only make the file smaller.
  const exported = exportOpenFace(arrays, {
    storage: 'float32',
    style: 'decomposed',
    metadata: { source: pins.source, licence: 'Apache-2.0, Copyright 2015-2020 Carnegie Mellon University' },
  });
  // Where there are none the bytes, and so the id of the encoder, stay as they are.
  const bytes = flushSmallNumbers(exported).model;
  await assertEmbeds(bytes);
  const said = cmuEntry(bytes.length, createHash('sha256').update(bytes).digest('hex'), pins.source);
  const folder = options.networks ?? join(root, 'models');
  await prepareNetworks(folder);
  // Readable for all users: the daemon does not run as the user who fetches the weights.
  await writeFileAtomic(join(folder, said.file), [bytes], { mode: 0o644 });
  await writeFileAtomic(join(folder, `${CMU_NAME}.json`), [`${JSON.stringify({ schema: 1, ...said }, null, 2)}\n`], {
    mode: 0o644,
  });
  // If the new entry does not fit the manifest, the owner learns it here and not when the gate starts.
  loadManifest(root, options.networks);
  return options.networks === undefined ? said : { ...said, folder };
}
