// A disk of a gate's own: an ext4 in a file, which can be frozen, filled, and turned read-only by a fault.
import { truncateSync, writeFileSync } from 'node:fs';
import { call } from './faults.mjs';

const BYTES = 24 * 1024 * 1024;

export const mountDisk = (image, folder) => call('mount', '-o', 'loop,noatime,errors=remount-ro', image, folder);

/** Makes the disk and mounts it; the folder below cannot be written while it is away. */
export function makeDisk(image, folder) {
  writeFileSync(image, '');
  truncateSync(image, BYTES);
  call('mkfs.ext4', '-q', '-F', '-m', '0', image);
  call('chattr', '+i', folder);
  mountDisk(image, folder);
  call('chmod', '0700', folder);
}

/** Whatever was done to it. */
export function endDisk(folder) {
  try {
    call('fsfreeze', '-u', folder);
  } catch {
    // It was not frozen.
  }
  call('umount', '-l', folder);
  call('chattr', '-i', folder);
}
