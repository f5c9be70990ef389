import { PEOPLE_MAX, TEMPLATES_MAX } from '../person/person.js';
import { ENROLL_PAYLOAD_MAX, PAYLOAD_MAX } from './messages.js';
import { QUEUE_BYTES_MAX, QUEUE_MAX } from './requests/slow-queue.js';

/** What a gate tells of its bounds, in its info. */
export const LIMITS = {
  enrollBytes: ENROLL_PAYLOAD_MAX,
  requestBytes: PAYLOAD_MAX,
  slowQueue: QUEUE_MAX,
  slowQueueBytes: QUEUE_BYTES_MAX,
  people: PEOPLE_MAX,
  templates: TEMPLATES_MAX,
} as const;
