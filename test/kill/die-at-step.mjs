import { promises as fs, writeSync } from 'node:fs';

/**
 * Counts the steps of the file system that follow, and kills this process with SIGKILL before the one with this number, whose name and file it
 * prints first. @param names of steps, and `inner` those of an opened file @returns how many there have been
 */
export function dieAtStep(dieAt, names, inner) {
  let step = 0;
  const counted = (owner, name) => {
    const act = owner[name].bind(owner);
    owner[name] = async (...args) => {
      if (step++ === Number(dieAt)) {
        writeSync(1, `${name} ${String(args[0]).split('/').at(-1)}\n`);
        process.kill(process.pid, 'SIGKILL');
      }
      const result = await act(...args);
      if (name === 'open') for (const one of inner) counted(result, one);
      return result;
    };
  };
  for (const name of names) counted(fs, name);
  return () => step;
}
