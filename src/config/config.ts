import { z } from 'zod';
import type { DeepReadonly } from '../kit/deep-readonly.js';
import { text } from './field.js';
import { accessSection } from './sections/access.js';
import { cameraSection } from './sections/camera.js';
import { decisionSection } from './sections/decision.js';
import { doorSection } from './sections/door.js';
import { eyeSection } from './sections/eye.js';
import { facesSection } from './sections/faces.js';
import { greetingSection } from './sections/greeting.js';
import { homeAssistantSection } from './sections/home-assistant.js';
import { journalSection } from './sections/journal.js';
import { keysSection } from './sections/keys.js';
import { livenessSection } from './sections/liveness.js';
import { logSection } from './sections/log.js';
import { metricsSection } from './sections/metrics.js';
import { mqttSection } from './sections/mqtt.js';
import { peopleSection } from './sections/people.js';
import { storageSection } from './sections/storage.js';
import { syncSection } from './sections/sync.js';

const topicName = /^[a-z0-9_-]{1,32}$/;
const topicNameShape = '1–32 characters of a–z, 0–9, _ and -';

/** The whole configuration. Every key has a default, so that an empty file is a valid one; unknown keys are refused. */
export const configSchema = z.strictObject({
  site: text('Name of the site; gates of one site share their people', topicName, topicNameShape, 'home'),
  gate: text('Name of this gate, different for each gate of a site', topicName, topicNameShape, 'gate-1'),
  camera: cameraSection.prefault({}).describe('Where frames come from.'),
  faces: facesSection.prefault({}).describe('Finding faces and judging how usable they are.'),
  encoder: text(
    'The model that turns a face into numbers, one of `kaimon models list`',
    /^[a-z0-9-]{1,32}$/,
    '1–32 characters of a–z, 0–9 and -',
    'mobilefacenet',
  ),
  liveness: livenessSection.prefault({}).describe('Telling a living face from a picture of one.'),
  decision: decisionSection.prefault({}).describe('From what was seen to yes or no.'),
  access: accessSection.prefault({}).describe('Who may enter when.'),
  door: doorSection.prefault({}).describe('The door: lock, wires and alarms.'),
  people: peopleSection.prefault({}).describe('Enrolment.'),
  eye: eyeSection.prefault({}).describe('The process that sees.'),
  greeting: greetingSection.prefault({}).describe('What is said to people who are let in.'),
  mqtt: mqttSection.prefault({}).describe('The broker.'),
  keys: keysSection.prefault({}).describe('Who is trusted at the broker (docs/keys.md).'),
  homeAssistant: homeAssistantSection.prefault({}).describe('Home Assistant (docs/home-assistant.md).'),
  sync: syncSection.prefault({}).describe('People shared between gates.'),
  journal: journalSection.prefault({}).describe('What was decided and what the door did, kept so that changes show.'),
  metrics: metricsSection.prefault({}).describe('Figures for Prometheus (docs/watching.md).'),
  storage: storageSection.prefault({}).describe('What tells of people, on the disk.'),
  log: logSection.prefault({}).describe('The log on stderr.'),
});

/** A checked configuration: parsed once at the edge, believed inside. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;

/** What an empty file means. */
export const defaultConfig: Config = configSchema.parse({});
