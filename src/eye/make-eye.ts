import type { Opening } from '../config/opening.js';
import { eyeLauncher } from './launcher.js';
import type { EyeSettings } from './protocol.js';
import { supervisionPlan } from './restart-rules.js';
import { EyeSupervisor } from './supervisor.js';

/** The eye with its camera, not yet started. */
export async function makeEye({ config, clock, log }: Opening, models: EyeSettings['models']): Promise<EyeSupervisor> {
  const settings = { camera: config.camera, faces: config.faces, models };
  const launcher = await eyeLauncher(settings, config.eye);
  const { confinement, unconfinedBecause } = launcher;
  if (unconfinedBecause === undefined) log.info({ confinement }, 'the eye is confined');
  else
    log.warn(
      { code: 'KAIMON_EYE_UNCONFINED' },
      `the eye is not confined, whoever takes it over can do what the gate can: ${unconfinedBecause}`,
    );
  return new EyeSupervisor({ launcher, settings, plan: supervisionPlan(config.eye), clock, log, random: Math.random });
}
