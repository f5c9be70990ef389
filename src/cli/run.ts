import { Command, InvalidArgumentError } from 'commander';
import { ClosingError, Endings } from '../kit/endings.js';
import { EXIT, explain } from '../kit/errors.js';
import { createDaemonLog, takeOverPrinting } from '../kit/log.js';
import { systemClock } from '../kit/system-clock.js';
import { type RunningGate, startGate } from '../main.js';
import { type CommonOptions, contextOf, example } from './context.js';

/** So long a start that is stopped may go on with the part that it opens, once all others have ended. */
const OPENING_MS = 1_000;

interface Options extends CommonOptions {
  readonly camera?: Readonly<Record<string, unknown>>;
  readonly door?: string;
}

/** `0`, `/dev/video2`, `rpicam`, `gstreamer:PIPELINE`, `replay:PATH` as configuration keys. */
export function cameraOption(text: string): Readonly<Record<string, unknown>> {
  if (/^\d+$/.test(text)) return { 'camera.kind': 'device', 'camera.device': Number(text) };
  if (text.startsWith('/dev/')) return { 'camera.kind': 'device', 'camera.device': text };
  if (text === 'rpicam') return { 'camera.kind': 'rpicam' };
  const [, kind, rest] = /^(gstreamer|replay):(.+)$/s.exec(text) ?? [];
  if (kind === 'gstreamer') return { 'camera.kind': kind, 'camera.pipeline': rest };
  if (kind === 'replay') return { 'camera.kind': kind, 'camera.path': rest };
  throw new InvalidArgumentError('Allowed: a number, /dev/…, rpicam, gstreamer:PIPELINE or replay:PATH.');
}

/** `kaimon run`: the daemon, until a signal stops it. */
export function runCommand(): Command {
  return new Command('run')
    .description('run the gate until SIGTERM or SIGINT')
    .option('--camera <camera>', 'for a try-out: 0, /dev/video2, rpicam, gstreamer:PIPELINE, replay:PATH', cameraOption)
    .option('--door <kind>', 'for a try-out: simulated')
    .addHelpText(
      'after',
      example('kaimon run --config /etc/kaimon/kaimon.yaml', 'kaimon run --camera 0 --door simulated'),
    )
    .action(async (_own, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { config, paths } = contextOf(options, { ...options.camera, 'door.kind': options.door });
      const log = createDaemonLog(config.log.level, 'gate', systemClock);
      takeOverPrinting(log);
      const endings = new Endings();
      let gate: RunningGate | undefined;
      let stopping: string | undefined;
      const exitAfter = (closed: Promise<void>) =>
        closed.then(
          () => process.exit(EXIT.yes),
          (thrown: unknown) => {
            log.error({ why: explain(thrown) }, 'the stop was not clean');
            process.exit(EXIT.environment);
          },
        );
      const leaveSoon = () =>
        systemClock.after(OPENING_MS, () => {
          log.error({}, 'the stop was not clean: a part that is being opened does not answer (does the disk hang?)');
          process.exit(EXIT.environment);
        });
      const stop = (signal: string) => {
        log.info({ signal }, 'stopping');
        stopping = signal;
        if (gate) exitAfter(gate.stop());
        // What cannot be closed startGate logs; it ends with the next part that it wants to open, unless one hangs that it opens now.
        else void endings.close().then(leaveSoon, leaveSoon);
      };
      // Before the start: the door is at work from its first moment, and a stop must leave it as it should be left.
      process.once('SIGTERM', stop);
      process.once('SIGINT', stop);
      try {
        gate = await startGate(config, paths, log, { endings });
      } catch (thrown) {
        if (stopping === undefined || !(thrown instanceof ClosingError)) throw thrown;
        log.info({ signal: stopping }, 'stopped while the gate was starting');
        exitAfter(endings.close());
        return;
      }
      if (stopping !== undefined) exitAfter(gate.stop());
    });
}
