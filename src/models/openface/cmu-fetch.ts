import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeFileAtomic } from '../../kit/atomic-file.js';
import type { ModelOf } from '../manifest.js';
import { loadManifest, modelPath, projectRoot } from '../model-files.js';
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
  /** Sentences for a person. */
  readonly progress?: (line: string) => void;
}

/**
 * Makes `models/openface-cmu.onnx` from CMU's own weights and adds it to the networks of this installation. The same files
 * give the same bytes. The entry is written last: a network without one does not exist for Kaimon.
 * @throws OperatingError KAIMON_OPENFACE_READ, KAIMON_OPENFACE_FILES, KAIMON_OPENFACE_CHECK, KAIMON_FILE_WRITE
 */
export async function fetchOpenFaceCmu(options: FetchOptions): Promise<ModelOf<'encoder'>> {
  const root = options.root ?? projectRoot();
  const progress = options.progress ?? (() => undefined);
  const pins = readPins(root);
  progress(`reading ${Object.keys(pins.arrays).length} files from ${options.from}`);
  const arrays = await readOpenFaceArrays(options.from, pins);
  progress('all files are the originals; making the network');
  // Single precision, 15 MB: the embeddings are then CMU's to the last digits; halves would only make the file smaller.
  const bytes = exportOpenFace(arrays, {
    storage: 'float32',
    style: 'decomposed',
    metadata: { source: pins.source, licence: 'Apache-2.0, Copyright 2015-2020 Carnegie Mellon University' },
  });
  await assertEmbeds(bytes);
  const entry = cmuEntry(bytes.length, createHash('sha256').update(bytes).digest('hex'), pins.source);
  // Readable for all: the daemon runs under another user than the one who brings the weights.
  await writeFileAtomic(modelPath(entry, root), [bytes], { mode: 0o644 });
  const file = join(root, 'models', `${CMU_NAME}.json`);
  await writeFileAtomic(file, [`${JSON.stringify(entry, null, 2)}\n`], { mode: 0o644 });
  // Now it must be one of the networks, or the owner hears why not here and not from the gate.
  loadManifest(root);
  return entry;
}
