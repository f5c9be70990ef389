import type { Opening } from '../config/opening.js';
import { eyeLauncher, unconfinedDanger } from './launcher.js';
import type { EyeSettings } from './protocol.js';
import { supervisionPlan } from './restart-rules.js';
import { EyeSupervisor } from './supervisor.js';

export interface MadeEye {
  /** Not yet started. */
  readonly eye: EyeSupervisor;
  /** What somebody should know of how it is started, in sentences for the state's warnings. */
  readonly eyeDangers: readonly string[];
}

/** The eye with its camera. */
export async function makeEye({ config, clock, log }: Opening, models: EyeSettings['models']): Promise<MadeEye> {
  const settings = { camera: config.camera, faces: config.faces, models };
  const launcher = await eyeLauncher(settings, config.eye);
  const { confinement, unconfinedBecause } = launcher;
  const eyeDangers = unconfinedBecause === undefined ? [] : [unconfinedDanger(unconfinedBecause)];
  if (unconfinedBecause === undefined) log.info({ confinement }, 'the eye is confined');
  for (const danger of eyeDangers) log.warn({ code: 'KAIMON_EYE_UNCONFINED' }, danger);
  const plan = supervisionPlan(config.eye);
  return { eye: new EyeSupervisor({ launcher, settings, plan, clock, log, random: Math.random }), eyeDangers };
}
