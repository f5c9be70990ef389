/** The port to the journal's folder: what the journal needs of a disk. */

/** A file of the journal, open for appending. */
export interface DiskFile {
  append(bytes: Uint8Array): Promise<void>;
  /** Resolves when everything appended is on the disk. */
  sync(): Promise<void>;
  /** Cuts the file to so many bytes; does nothing to a shorter one. */
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

export interface StoredFile {
  /** Relative to the journal's folder: `…` or `personal/…`. */
  readonly name: string;
  readonly bytes: number;
}

/** Part of a file; shorter than asked for where the file ends. */
export interface Slice {
  readonly bytes: Buffer;
  /** Of the whole file, as it was then. */
  readonly size: number;
}

/** Port: the journal's folder. */
export interface JournalDisk {
  /** For messages. */
  readonly folder: string;
  /** Makes the folders, for Kaimon's user alone. */
  prepare(): Promise<void>;
  /** All files, sorted by name; none where there is no folder. */
  list(): Promise<readonly StoredFile[]>;
  /** @param tail read only so many bytes, the last ones @returns undefined where there is no such file */
  read(name: string, tail?: number): Promise<Buffer | undefined>;
  /** A part of a file, and how large the file is; undefined where there is no such file. */
  slice(name: string, from: number, length: number): Promise<Slice | undefined>;
  /** Opens for appending; a new file survives a power cut and is readable by Kaimon's user alone. */
  open(name: string): Promise<DiskFile>;
  /** Replaces the whole file; a reader or a crash sees the old or the new one. */
  replace(name: string, bytes: Uint8Array): Promise<void>;
  /** Does nothing where there is no such file. */
  remove(name: string): Promise<void>;
}

/** A disk that calls `onDone` each time that it has done something. */
export function watchedDisk(disk: JournalDisk, onDone: () => void): JournalDisk {
  const done = async <T>(act: Promise<T>): Promise<T> => {
    try {
      return await act;
    } finally {
      // An error is an answer, too.
      onDone();
    }
  };
  return {
    folder: disk.folder,
    prepare: () => done(disk.prepare()),
    list: () => done(disk.list()),
    read: (name, tail) => done(disk.read(name, tail)),
    slice: (name, from, length) => done(disk.slice(name, from, length)),
    open: async (name) => watchedFile(await done(disk.open(name)), done),
    replace: (name, bytes) => done(disk.replace(name, bytes)),
    remove: (name) => done(disk.remove(name)),
  };
}

const watchedFile = (file: DiskFile, done: <T>(act: Promise<T>) => Promise<T>): DiskFile => ({
  append: (bytes) => done(file.append(bytes)),
  sync: () => done(file.sync()),
  truncate: (bytes) => done(file.truncate(bytes)),
  close: () => done(file.close()),
});
