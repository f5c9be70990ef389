// pure
import type { ErrorRow } from './error-row.js';

export const DOOR_ERRORS = {
  KAIMON_GPIO_BACKEND: {
    kind: 'environment',
    meaning: 'neither onoff nor the gpiod tools can be used, or the configured one cannot',
    advice: 'what the sentence names: group `gpio`, `apt-get install gpiod`',
  },
  KAIMON_GPIO_LINE: {
    kind: 'environment',
    meaning: 'a line of `door` does not exist, fits several chips, or is named twice',
    advice: 'correct the named key; the sentence lists the chips of this machine',
  },
  KAIMON_GPIO_BUSY: {
    kind: 'environment',
    meaning: 'another driver or program has the line',
    advice: 'stop it (`gpioinfo` names it), or take another line',
  },
  KAIMON_GPIO_IO: {
    kind: 'environment',
    meaning: 'a line cannot be opened or driven',
    advice: 'what the sentence says; usually the group `gpio`',
  },
  KAIMON_DOOR_LOCKED: {
    kind: 'environment',
    meaning: 'another running gate drives this door',
    advice: 'stop it first, or name another state folder with `--state` for another door',
  },
  KAIMON_DOOR_LINE: {
    kind: 'warning',
    meaning: "the relay's line cannot be recorded for `safe-state`; the state says so, the gate goes on",
    advice: 'let this user write to the run folder, or name another with `--state`',
  },
  KAIMON_SAFE_STATE: {
    kind: 'environment',
    meaning: '`kaimon safe-state` could not put the relay back',
    advice: 'what the sentence says; stop the daemon first; otherwise cut the power',
  },
} as const satisfies Readonly<Record<`KAIMON_${string}`, ErrorRow>>;
