// pure
import type { ErrorRow } from './error-row.js';

export const SERVICE_ERRORS = {
  KAIMON_VOICE: {
    kind: 'warning',
    meaning: 'espeak-ng or aplay is missing or fails; logged once, the gate goes on without sound',
    advice: 'install it; check `greeting.device` and group `audio`',
  },
  KAIMON_NOTIFY: {
    kind: 'warning',
    meaning: 'systemd cannot be told how the gate is, or only by a child process for each message; each logged once',
    advice:
      '`scripts/setup` compiles `unix-dgram`, a package brings it; without systemd use `Type=exec` and no `WatchdogSec`',
  },
  KAIMON_METRICS: {
    kind: 'warning',
    meaning: 'metrics cannot be offered or made; the gate goes on without, and tries again',
    advice: 'the port of `metrics.port` may be in use: give each gate of a machine its own',
  },
  KAIMON_STUDIO: {
    kind: 'environment',
    meaning: "the demo's film could not be made",
    advice: 'the line above it; `scripts/setup`',
  },
  KAIMON_DEMO: {
    kind: 'environment',
    meaning: "the demo's gate did not start, answer or go on",
    advice: 'the log that it names',
  },
  KAIMON_DEFECT: {
    kind: 'defect',
    meaning: 'a defect of Kaimon',
    advice: "report it with the lines below it and the service's log",
  },
} as const satisfies Readonly<Record<`KAIMON_${string}`, ErrorRow>>;
