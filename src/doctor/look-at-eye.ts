import { existsSync } from 'node:fs';
import type { Config } from '../config/config.js';
import type { Paths } from '../config/paths.js';
import { eyeLauncher, unconfinedDanger } from '../eye/launcher.js';
import { openModels } from '../models/open-models.js';
import { type Checked, findings, ok, warning } from './finding.js';

/** Where systemd starts the eyes of the services: kaimon-eye.socket. */
const SOCKET_OF_THE_SERVICES = '/run/kaimon-eye.sock';

/**
 * How the doctor's own eye is started: for root, who could not put it into a sandbox, in the unit of the services where there is one. What comes
 * from a camera is not to be read with all rights.
 */
export const doctorsEye = (
  eye: Config['eye'],
  socket = SOCKET_OF_THE_SERVICES,
  uid = process.getuid?.(),
): Config['eye'] => (eye.socket === null && uid === 0 && existsSync(socket) ? { ...eye, socket } : eye);

/** How an eye is confined that is started as this command is; the services have a unit for theirs, which their environment names. */
export async function lookAtEye(config: Config, paths: Paths): Promise<Checked> {
  const { models } = openModels({ config, paths });
  const settings = { camera: config.camera, faces: config.faces, models };
  const { confinement, unconfinedBecause: why, untried } = await eyeLauncher(settings, config.eye);
  if (untried !== undefined) return findings(warning('eye', untried));
  if (why === undefined) return findings(ok('eye', `confined: ${confinement}`));
  if (existsSync(SOCKET_OF_THE_SERVICES) && config.eye.socket === null)
    return findings(ok('eye', `confined in a unit for the services; by hand not: ${why}`));
  return findings(warning('eye', unconfinedDanger(why), 'docs/security-model.md, "An eye that was taken over"'));
}
