import type { Observation } from '../face/observation.js';
import type { Clock, MonotonicMs, Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import { LogBudget } from '../kit/logging/log-budget.js';
import { whyNotDecodable } from '../kit/pictures/picture-header.js';
import { CAMERA_CHANGES_MAX, CameraMessages, whyOf } from './camera-messages.js';
import type { EyeEvents, EyeLauncher, EyeProcess } from './eye-process.js';
import { type EyeListeners, type EyeStatus, NOBODY_LISTENS } from './eye-status.js';
import { type Answer, PendingReplies } from './pending-replies.js';
import type { EyeSettings, FromEye, PhotoAnswer, ToEye } from './protocol.js';
import {
  afterDeath,
  type EyeLife,
  newLife,
  noteMessage,
  type SupervisionPlan,
  whyImpossible,
  whyKill,
} from './restart-rules.js';

type Mark = Extract<ToEye, { kind: 'snapshot' }>['marks'][number];
const CHECK_EVERY_MS = 250;

/** Keeps an eye running: replaces one that died, hung or flooded, with growing pauses, and never lets that reach the door. */
export class EyeSupervisor {
  readonly #launcher: EyeLauncher;
  readonly #settings: EyeSettings;
  readonly #plan: SupervisionPlan;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #outputBudget: LogBudget;
  readonly #cameraMessages: CameraMessages;
  readonly #random: () => number;
  #listeners: EyeListeners = NOBODY_LISTENS;
  #process: EyeProcess | undefined;
  #life: EyeLife | undefined;
  #failures = 0;
  #newest: Observation | undefined;
  #measuredMs = 0;
  /** Grows with each launch, replacement and stop: events of an earlier generation are ignored. */
  #generation = 0;
  #liveSinceMs: MonotonicMs | undefined;
  /** When the eye last said that the camera repeats itself. */
  #repeatedMs: MonotonicMs | undefined;
  #timer: Timer | undefined;
  #check: Timer | undefined;
  readonly #replies: PendingReplies;
  #faultOfThisEye: string | undefined;
  #status: EyeStatus;

  constructor(parts: {
    launcher: EyeLauncher;
    settings: EyeSettings;
    plan: SupervisionPlan;
    clock: Clock;
    log: Log;
    random: () => number;
  }) {
    this.#launcher = parts.launcher;
    this.#settings = parts.settings;
    this.#plan = parts.plan;
    this.#clock = parts.clock;
    this.#replies = new PendingReplies(parts.clock, parts.plan.answerMs);
    this.#log = parts.log;
    this.#outputBudget = new LogBudget(parts.clock);
    this.#cameraMessages = new CameraMessages(parts.clock, parts.log);
    this.#random = parts.random;
    this.#status = {
      state: 'starting',
      restarts: 0,
      lastFault: null,
      pid: null,
      rssBytes: null,
      camera: { state: 'opening', why: null },
      confinement: parts.launcher.confinement,
    };
  }

  /** Milliseconds since the last frame was measured or need not be, or since the camera began to deliver; 0 while it does not deliver. */
  get blindMs(): number {
    const now = this.#clock.monotonic();
    return now - Math.max(this.#liveSinceMs ?? now, this.#measuredMs, this.#repeatedMs ?? 0);
  }

  get status(): EyeStatus {
    return this.#status;
  }

  /** The newest observation of a frame that was measured, or in which nobody was, however old. */
  get newest(): Observation | undefined {
    return this.#newest;
  }

  /** Tells the eye on which faces of an observation nothing is left to decide. Without it they are measured as if something was. */
  settle({ frame }: Observation, numbers: readonly number[]): void {
    this.#process?.send({ kind: 'settled', frame, numbers: [...numbers] });
  }

  /** Starts the eye; called once, {@link hold} may come before. */
  start(listeners: EyeListeners): void {
    this.#listeners = listeners;
    this.#status = { ...this.#status, lastFault: null };
    this.#launch();
    this.#scheduleCheck();
  }

  /** Not to be started yet. @param why as a sentence for the state; what needs the eye is refused with it */
  hold(why: string, listeners: EyeListeners): void {
    this.#listeners = listeners;
    this.#change({ state: 'stopped', lastFault: why, camera: { state: 'closed', why: null } });
  }

  /** Kills the eye and settles all open requests; nothing is started after this. */
  stop(): void {
    this.#generation += 1;
    this.#timer?.cancel();
    this.#check?.cancel();
    const { state, lastFault } = this.#status;
    // Of one that was held it is still why; of another one it is long over.
    this.#change({ state: 'stopped', lastFault: state === 'stopped' ? lastFault : null, pid: null });
    const running = this.#process;
    this.#process = undefined;
    running?.kill();
    this.#replies.abandon();
  }

  /** Measures a JPEG, PNG or WebP, turned upright where `turn` says so. Always settles: `fault` where the eye dies of the photo or does not answer in time. */
  async measurePhoto(photo: Buffer, { turn = true } = {}): Promise<PhotoAnswer> {
    const failed = (reason: 'unusable' | 'busy' | 'fault', message: string): PhotoAnswer => ({
      kind: 'photo',
      id: 0,
      ok: false,
      reason,
      message,
    });
    const { state, lastFault } = this.#status;
    if (state === 'stopped' && lastFault !== null) return failed('busy', `no photo can be measured: ${lastFault}`);
    if (state !== 'up') return failed('busy', 'the eye is not ready: try again in a few seconds');
    if (this.#replies.full) return failed('busy', 'too many photos are waiting: try again in a few seconds');
    const why = whyNotDecodable(photo);
    if (why) return failed('unusable', why);
    const { message } = await this.#ask((id) => ({ kind: 'photo', id, turn }), photo);
    if (message?.kind === 'photo') return message;
    return failed('fault', 'the eye failed while it measured this photo');
  }

  /** A JPEG of the newest frame with marks on it, without its faces where `redact` says so; undefined when there is none. */
  async snapshot(marks: readonly Mark[], redact = false): Promise<Buffer | undefined> {
    const { message, blob } = await this.#ask((id) => ({ kind: 'snapshot', id, marks: [...marks], redact }));
    return message?.kind === 'snapshot' && message.ok ? blob : undefined;
  }

  #ask(request: (id: number) => ToEye, photo?: Buffer): Promise<Answer> {
    return this.#replies.ask((id) => this.#process?.send(request(id), photo) ?? false);
  }

  #launch(): void {
    this.#life = newLife(this.#clock.monotonic());
    const generation = ++this.#generation;
    let eye: EyeProcess;
    try {
      eye = this.#launcher.launch(this.#eventsOf(generation));
    } catch (thrown) {
      // No process, memory or descriptor left: the next try may find some.
      if (generation === this.#generation) this.#replace(`it cannot be started: ${explain(thrown)}`);
      return;
    }
    this.#process = eye;
    this.#faultOfThisEye = undefined;
    this.#change({ state: 'starting', pid: eye.pid ?? null, rssBytes: null, camera: { state: 'opening', why: null } });
    eye.send({ kind: 'configure', settings: this.#settings });
  }

  /** Events of an eye that was replaced meanwhile are ignored. */
  #eventsOf(generation: number): EyeEvents {
    return {
      onMessage: (message, blob) => {
        if (generation === this.#generation) this.#receive(message, blob);
      },
      onInvalid: (why) => {
        if (generation === this.#generation) this.#replace(why);
      },
      // Also of an eye that is replaced: its last words say why.
      onOutput: (line) => this.#logOutput(line),
      onExit: (why) => {
        if (generation === this.#generation) this.#replace(this.#faultOfThisEye ?? why);
      },
    };
  }

  #logOutput(line: string): void {
    const leftOut = this.#outputBudget.take();
    if (leftOut !== undefined) this.#log.warn(leftOut > 0 ? { line, leftOut } : { line }, 'the eye printed something');
  }

  #receive(message: FromEye, blob: Buffer): void {
    const now = this.#clock.monotonic();
    const busyMs = message.kind === 'alive' ? message.busyMs : undefined;
    const faces = message.kind === 'observation' ? message.faces.length : 0;
    this.#life = noteMessage(this.#life ?? newLife(now), now, busyMs, faces);
    if (whyKill(this.#life, this.#plan, now)) {
      this.#checkLife();
      return;
    }
    switch (message.kind) {
      case 'observation':
        this.#observe(message);
        return;
      case 'ready':
        this.#change({ state: 'up' });
        return;
      case 'alive':
        this.#status = { ...this.#status, rssBytes: message.rssBytes };
        if (!message.repeats) return;
        this.#repeatedMs = now;
        this.#listeners.onRepeats();
        return;
      case 'camera':
        this.#noteCamera(message, now);
        return;
      case 'photo':
      case 'snapshot':
        this.#replies.receive(message.id, { message, blob });
        return;
      case 'fault':
        this.#faultOfThisEye = message.message;
        return;
    }
  }

  #noteCamera(message: Extract<FromEye, { kind: 'camera' }>, now: MonotonicMs): void {
    const noted = this.#cameraMessages.note(message, this.#status.camera, now);
    if (noted === 'same') return;
    if (noted === 'flood') {
      this.#replace(`its camera changed more than ${CAMERA_CHANGES_MAX} times within a second`);
      return;
    }
    const { state, fault } = message;
    this.#liveSinceMs = state === 'live' ? now : undefined;
    this.#change({ camera: { state, why: whyOf(message), fault } });
  }

  /** An observation that the gate fails on counts as the eye's fault: the eye is replaced, the gate goes on. */
  #observe(observation: Observation): void {
    const why = whyImpossible(observation, this.#clock.monotonic());
    if (why) {
      this.#replace(why);
      return;
    }
    try {
      this.#listeners.onObservation(observation);
      this.#measuredMs = observation.measuredMs;
      // Where nobody was and nothing moved there was nothing to measure.
      if (!observation.followed || observation.followed.length === 0) this.#newest = observation;
    } catch (thrown) {
      this.#replace(`its observation could not be used: ${explain(thrown)}`);
    }
  }

  #scheduleCheck(): void {
    this.#check = this.#clock.after(CHECK_EVERY_MS, () => {
      this.#checkLife();
      this.#scheduleCheck();
    });
  }

  #checkLife(): void {
    const why = this.#process && this.#life && whyKill(this.#life, this.#plan, this.#clock.monotonic());
    if (why) this.#replace(why);
  }

  #replace(why: string): void {
    // Later events of this eye, or of its failed start, are ignored.
    this.#generation += 1;
    this.#timer?.cancel();
    const dead = this.#process;
    this.#process = undefined;
    dead?.kill();
    const now = this.#clock.monotonic();
    const life = this.#life ?? newLife(now);
    const { failures, waitMs } = afterDeath(life, this.#failures, this.#plan, now, this.#random());
    this.#failures = failures;
    this.#log.error({ why, failures, waitMs }, 'the eye is replaced');
    this.#change({
      state: 'waiting',
      pid: null,
      restarts: this.#status.restarts + 1,
      lastFault: why,
      camera: { state: 'closed', why: null },
    });
    this.#replies.abandon();
    this.#timer = this.#clock.after(waitMs, () => this.#launch());
  }

  #change(change: Partial<EyeStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#listeners.onStatus(this.#status);
  }
}
