// pure
import { createHash } from 'node:crypto';
import type { ModelOf } from '../manifest.js';
import type { Fitted } from './fit-graph.js';
import { inputOf, type Reading, templateOf } from './presets.js';

export interface EntryFacts {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly reading: Reading;
  readonly fitted: Fitted;
  /** The command that adds it, for whoever must bring it again. */
  readonly command: string;
  /** An SPDX id, as the owner states it. */
  readonly licence: string | undefined;
  /** Weights that were set to zero, which makes another file of it. */
  readonly flushed: number;
}

/** What models/NAME.json says of an encoder that was brought. Its error rates are not known. */
export function entryOf({
  name,
  bytes,
  sha256,
  reading,
  fitted,
  command,
  licence,
  flushed,
}: EntryFacts): ModelOf<'encoder'> {
  const { layout: _, ...input } = inputOf(reading, fitted.layout);
  const entry = {
    input: { ...input, mean: [...input.mean], channels: 3 as const, layout: fitted.layout },
    template: templateOf(reading),
    output: { name: fitted.output, dimension: fitted.dimension, normalised: false },
  };
  const changed = flushed > 0 ? ` ${flushed} weights next to zero were set to zero here.` : '';
  return {
    name,
    role: 'encoder',
    file: addedFile(name, sha256),
    bytes,
    sha256,
    source: { kind: 'owner', from: command },
    licence: licence
      ? { spdx: licence, text: `${licence}, as stated by whoever added the file` }
      : { spdx: null, text: 'Not stated when the file was added: decide for yourself before commercial use.' },
    origin: `UNCLEAR: brought by the owner of this installation; who trained it, on which photos, was not stated.${changed} Error rates through Kaimon were not measured.`,
    ...entry,
    readingDigest: readingDigest(sha256, entry),
    thresholds: null,
  };
}

/** The digest is in the name: a gate that runs with an earlier file of that name is never given another one in its place. */
export const addedFile = (name: string, sha256: string): string => `${name}-${sha256.slice(0, 12)}.onnx`;

/** One file that is read in two ways gives numbers that mean nothing to each other. */
function readingDigest(
  sha256: string,
  { input, template, output }: Pick<ModelOf<'encoder'>, 'input' | 'template' | 'output'>,
): string {
  const { width, height, colour, layout, mean, scale } = input;
  const { fit, points, size } = template;
  const parts = [sha256, width, height, colour, layout, mean, scale, fit, size, points, output.name, output.dimension];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
