// pure
import type { Config } from '../config/config.js';

/** Which camera, and how it is read: section `camera` of the configuration, where each key is explained. */
export type CameraSettings = Config['camera'];
