import { dirname } from 'node:path';
import type { FileSystem, MachineFiles } from '../../../src/host/machine/machine-files.js';

/** A machine whose files are these texts. @param links symbolic links by path */
export const simulatedMachine = (
  texts: Readonly<Record<string, string>>,
  { links = {}, disk }: { readonly links?: Readonly<Record<string, string>>; readonly disk?: FileSystem } = {},
): MachineFiles => ({
  text: async (path) => texts[path],
  names: async (folder) => [
    ...new Set(
      Object.keys(texts)
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1).split('/')[0] as string),
    ),
  ],
  realPath: async (path) =>
    links[path] ?? (Object.keys(texts).some((file) => dirname(file) === path) ? path : undefined),
  fileSystem: async () => disk,
});
