import type { DiskFile, JournalDisk } from './disk.js';

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
