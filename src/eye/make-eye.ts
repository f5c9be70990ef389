import type { Opening } from '../config/opening.js';
import { EyeChild } from './child-process.js';
import type { EyeSettings } from './protocol.js';
import { supervisionPlan } from './restart-rules.js';
import { EyeSupervisor } from './supervisor.js';

/** The eye with its camera, not yet started. */
export const makeEye = ({ config, clock, log }: Opening, models: EyeSettings['models']): EyeSupervisor =>
  new EyeSupervisor({
    make: (events) => new EyeChild(events),
    settings: { camera: config.camera, faces: config.faces, models },
    plan: supervisionPlan(config.eye),
    clock,
    log,
    random: Math.random,
  });
