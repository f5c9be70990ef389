// pure
import type { ModelOf } from '../manifest.js';
import { DIMENSION, SIDE } from './topology.js';

export const CMU_NAME = 'openface-cmu';

/**
 * What the manifest says of the network that was made from CMU's arrays.
 * @param from where its files were published; not where the owner keeps them
 */
export function cmuEntry(bytes: number, sha256: string, from: string): ModelOf<'encoder'> {
  return {
    name: CMU_NAME,
    role: 'encoder',
    file: `${CMU_NAME}.onnx`,
    bytes,
    sha256,
    source: { kind: 'owner', from: `kaimon models fetch ${CMU_NAME}, from ${from}` },
    licence: {
      spdx: 'Apache-2.0',
      text: 'Apache-2.0, Copyright 2015-2020 Carnegie Mellon University (OpenFace and its models); published as CSV files by Keras-OpenFace, Apache-2.0, whose NOTICE also names David Sandberg (2016). See models/licences/openface.txt.',
    },
    origin:
      'CMU trained nn4.small2.v1 on CASIA-WebFace and FaceScrub, research collections of web photos of named people who were not asked. Kaimon folds the batch norms and writes the same network as an ONNX graph. Error rates through Kaimon were not measured; CMU reports 0.929 accuracy on LFW.',
    input: { width: SIDE, height: SIDE, channels: 3, colour: 'rgb', layout: 'nchw', mean: [0], scale: 1 / 255 },
    // Outer eye corners and nose base of CMU's mean face (align_dlib.py, OUTER_EYES_AND_NOSE) times 96.
    template: {
      name: 'openface-96',
      size: SIDE,
      fit: 'affine',
      points: [
        [18.639072, 16.249624],
        [75.73048, 15.18443],
        [47.515285, 49.38637],
      ],
    },
    output: { name: 'embedding', dimension: DIMENSION, normalised: true },
    thresholds: null,
  };
}
