import type { Opening } from '../config/opening.js';
import { eyeLauncher, unconfinedDanger } from './launcher.js';
import type { EyeSettings } from './protocol.js';
import { supervisionPlan } from './restart-rules.js';
import { EyeSupervisor } from './supervisor.js';

/** The eye with its camera, not yet started. */
export async function makeEye(
  { config, clock, log, warnings }: Opening,
  models: EyeSettings['models'],
): Promise<EyeSupervisor> {
  const settings = { camera: config.camera, faces: config.faces, models };
  const launcher = await eyeLauncher(settings, config.eye);
  const { confinement, unconfinedBecause, untried } = launcher;
  if (untried !== undefined) log.warn({ why: untried }, 'the eye is started in a sandbox that could not be tried');
  else if (unconfinedBecause === undefined) log.info({ confinement }, 'the eye is confined');
  else {
    const danger = unconfinedDanger(unconfinedBecause);
    warnings.push(danger);
    log.warn({ code: 'KAIMON_EYE_UNCONFINED' }, danger);
  }
  const plan = supervisionPlan(config.eye);
  return new EyeSupervisor({ launcher, settings, plan, clock, log, random: Math.random });
}
