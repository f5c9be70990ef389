// pure
import { appearance } from './appearance.js';
import type { Cue } from './cue.js';
import { motion } from './motion.js';
import { scene } from './scene.js';

/** All cues; their evidence adds up. */
export const CUES: readonly Cue[] = [appearance, motion, scene] as readonly Cue[];
