import type { EyeEvents } from '../../src/eye/eye-process.js';
import type { EyeStatus } from '../../src/eye/eye-status.js';
import type { EyeSettings, FromEye, ToEye } from '../../src/eye/protocol.js';
import type { SupervisionPlan } from '../../src/eye/restart-rules.js';
import { EyeSupervisor } from '../../src/eye/supervisor.js';
import type { Observation } from '../../src/face/observation.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';

const network = { file: 'x.onnx', input: { width: 8, height: 8, colour: 'rgb', mean: [0], scale: 1 } } as const;
export const SETTINGS: EyeSettings = {
  camera: null,
  faces: {
    haar: { cascade: null, width: 320, scaleFactor: 1.1, minNeighbors: 1, minSizePx: 60 },
    confirm: { score: 0.65, context: 2 },
    max: 5,
    everyFrame: 'needed',
    pace: { decidingMs: 90, settledMs: 800, emptyMs: 1000 },
  },
  models: {
    liveness: [],
    confirmer: { ...network, input: { ...network.input, mean: [0] } },
    landmarks: { ...network, input: { ...network.input, mean: [0] } },
    encoder: {
      ...network,
      input: { ...network.input, mean: [0] },
      id: 'small@0123456789ab',
      dimension: 4,
      template: { size: 8, fit: 'similarity', points: Array.from({ length: 5 }, (): [number, number] => [0, 0]) },
    },
  },
};

const PLAN: SupervisionPlan = {
  hangMs: 4000,
  busyMs: 10_000,
  answerMs: 20_000,
  startMs: 60_000,
  messagesPerSecondMax: 100,
  facesPerSecondMax: 50,
  retry: { firstMs: 500, factor: 2, maxMs: 8000, jitter: 0 },
  wellMs: 60_000,
};

/** An eye process driven by the test. */
export class FakeEye {
  readonly pid: number;
  readonly sent: { readonly request: ToEye; readonly blob: Buffer | undefined }[] = [];
  killed = 0;
  full = false;
  readonly #events: EyeEvents;

  constructor(events: EyeEvents, pid: number) {
    this.#events = events;
    this.pid = pid;
  }

  send(request: ToEye, blob?: Buffer): boolean {
    if (this.full) return false;
    this.sent.push({ request, blob });
    return true;
  }

  kill(): void {
    this.killed += 1;
  }

  say(message: FromEye, blob = Buffer.alloc(0)): void {
    this.#events.onMessage(message, blob);
  }

  sendInvalid(why: string): void {
    this.#events.onInvalid(why);
  }

  exit(why: string): void {
    this.#events.onExit(why);
  }

  ready(): void {
    this.say({ kind: 'ready', encoder: 'small@0123456789ab' });
  }

  /** The id of the last request for a photo or snapshot. */
  get lastRequestId(): number {
    const { request } = this.sent.at(-1) as { request: ToEye };
    return 'id' in request ? request.id : 0;
  }
}

/** An EyeSupervisor over fake processes: what was started, reported and observed. */
export class EyeStage {
  readonly clock = new ManualClock();
  readonly eyes: FakeEye[] = [];
  /** Tries to start an eye, and the events of those that failed. */
  launches = 0;
  readonly failedStarts: EyeEvents[] = [];
  readonly reported: EyeStatus[] = [];
  /** How often it was told that the camera repeats its pictures. */
  repeats = 0;
  readonly observations: Observation[] = [];
  readonly eye: EyeSupervisor;
  /** Set: no process can be started, with this reason. */
  startFault: string | undefined;
  /** Set: the gate fails on observations with this reason. */
  observationFault: string | undefined;

  constructor() {
    this.eye = new EyeSupervisor({
      launcher: {
        confinement: 'none',
        unconfinedBecause: undefined,
        untried: undefined,
        launch: (events) => {
          this.launches += 1;
          if (this.startFault !== undefined) {
            // As with a real child: the constructor fails, and the process's own error event comes after it.
            this.failedStarts.push(events);
            throw new Error(this.startFault);
          }
          const fake = new FakeEye(events, 100 + this.eyes.length);
          this.eyes.push(fake);
          return fake;
        },
      },
      settings: SETTINGS,
      plan: PLAN,
      clock: this.clock,
      log: silentLog,
      random: () => 0,
    });
  }

  start(): void {
    this.eye.start({
      onObservation: (one) => {
        if (this.observationFault !== undefined) throw new Error(this.observationFault);
        this.observations.push(one);
      },
      onRepeats: () => {
        this.repeats++;
      },
      onStatus: (status) => this.reported.push(status),
    });
  }

  get fake(): FakeEye {
    return this.eyes.at(-1) as FakeEye;
  }

  /** Time passes; the eye gives a sign of life every second. */
  live(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      this.clock.advance(1000);
      this.fake.say({ kind: 'alive', rssBytes: 1, busyMs: 0 });
    }
  }
}
