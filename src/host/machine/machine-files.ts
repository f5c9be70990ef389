import { promises as fs } from 'node:fs';

/** Port: the files in which the kernel says how the machine is. What is not there, or not for this user, is undefined or empty. */
export interface MachineFiles {
  text(path: string): Promise<string | undefined>;
  names(folder: string): Promise<readonly string[]>;
  /** The path without symbolic links. */
  realPath(path: string): Promise<string | undefined>;
  /** The file system that holds a path. */
  fileSystem(path: string): Promise<FileSystem | undefined>;
}

export interface FileSystem {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** `179:2`; major number 0 where no disk of this machine is behind it. */
  readonly device: string;
}

/** A file in which the board answers with more than this says nothing that is asked here. */
const TEXT_MAX = 4096;

/** The files of this machine. */
export const machineFiles: MachineFiles = {
  text: (path) =>
    orNothing(async () => {
      const handle = await fs.open(path, 'r');
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(TEXT_MAX), 0, TEXT_MAX, 0);
        // The device tree ends its texts with a zero.
        return buffer.toString('utf8', 0, bytesRead).replaceAll('\0', '').trim();
      } finally {
        await handle.close();
      }
    }),
  names: async (folder) => (await orNothing(() => fs.readdir(folder))) ?? [],
  realPath: (path) => orNothing(() => fs.realpath(path)),
  fileSystem: (path) =>
    orNothing(async () => {
      const { bavail, blocks, bsize } = await fs.statfs(path);
      const { dev } = await fs.stat(path, { bigint: true });
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, device: deviceName(dev) };
    }),
};

/** Machines differ: a file that is not there, or that a sensor does not answer for, is no failure. */
async function orNothing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

/** As gnu_dev_major and gnu_dev_minor of glibc take a device number apart. */
export function deviceName(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}
