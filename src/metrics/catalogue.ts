// pure
import { REASONS } from '../access/reasons.js';
import { THROTTLED } from '../host/machine/readings.js';
import { DOOR_MODES } from '../schedule/door-mode.js';

/** One metric. None has a label that names a person, or one whose values nobody has counted. */
export interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram, in its unit. */
  readonly buckets?: readonly number[];
}

/** From a millisecond, which is nothing, to ten seconds, after which nobody waits any more. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10];

/** Every metric of a gate, in the order in which docs/watching.md shows them. */
export const METRICS = {
  kaimon_build_info: {
    kind: 'gauge',
    help: 'Always 1: which gate this is and what runs there',
    labels: ['site', 'gate', 'version', 'encoder', 'node'],
  },
  kaimon_start_time_seconds: { kind: 'gauge', help: 'When the gate was started, seconds since 1970' },
  kaimon_online: { kind: 'gauge', help: 'Whether the gate is online (1) or degraded (0)' },
  kaimon_problems: { kind: 'gauge', help: 'Problems in the state' },
  kaimon_warnings: { kind: 'gauge', help: 'Warnings in the state, dangerous settings among them' },
  kaimon_decisions_total: {
    kind: 'counter',
    help: 'Decisions on people before the camera',
    labels: ['result', 'reason'],
  },
  kaimon_spoofs_total: { kind: 'counter', help: 'Pictures and screens that were held to the camera' },
  kaimon_attack_alarms_total: { kind: 'counter', help: 'Attack alarms that began' },
  kaimon_attack_alarm: { kind: 'gauge', help: 'Whether there is an attack alarm now' },
  kaimon_grant_seconds: {
    kind: 'histogram',
    help: 'From the first frame of a person to the grant',
    buckets: [0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10],
  },
  kaimon_frame_decision_seconds: {
    kind: 'histogram',
    help: 'From the camera to the decision, frames with a face',
    buckets: SECONDS,
  },
  kaimon_frame_stage_seconds: {
    kind: 'histogram',
    help: 'Its stages: measure (waiting and measuring in the eye), hand-over (eye to gate), decide (in the gate)',
    labels: ['stage'],
    buckets: SECONDS,
  },
  kaimon_frames_total: { kind: 'counter', help: 'Frames that were measured' },
  kaimon_faces_total: { kind: 'counter', help: 'Faces in them' },
  kaimon_door_state: { kind: 'gauge', help: '1 for the state that the door is in', labels: ['state'] },
  kaimon_door_mode: { kind: 'gauge', help: '1 for the mode that the door is in', labels: ['mode'] },
  kaimon_door_alarm: { kind: 'gauge', help: 'Whether the door has this alarm now', labels: ['alarm'] },
  kaimon_door_changes_total: {
    kind: 'counter',
    help: 'Changes of the door, by the new state and their cause',
    labels: ['state', 'cause'],
  },
  kaimon_door_alarms_total: { kind: 'counter', help: 'Alarms of the door that began', labels: ['alarm'] },
  kaimon_exit_button_total: { kind: 'counter', help: 'Times that the exit button was pressed' },
  kaimon_passages_total: { kind: 'counter', help: 'People who went through', labels: ['direction'] },
  kaimon_eye_up: { kind: 'gauge', help: 'Whether the eye works' },
  kaimon_eye_restarts_total: { kind: 'counter', help: 'Times that the eye was replaced' },
  kaimon_camera_live: { kind: 'gauge', help: 'Whether the camera delivers' },
  kaimon_blind_seconds: { kind: 'gauge', help: 'How long nothing has been measured though the camera delivers' },
  kaimon_people: { kind: 'gauge', help: 'People who are enrolled' },
  kaimon_templates: { kind: 'gauge', help: 'Their templates' },
  kaimon_people_revision_timestamp_seconds: {
    kind: 'gauge',
    help: 'When the newest change of a person was made; the same at all gates of a site that know the same people',
  },
  kaimon_people_unsaved: { kind: 'gauge', help: 'Whether people cannot be saved' },
  kaimon_enrolments_total: { kind: 'counter', help: 'People and photos that were enrolled here' },
  kaimon_removals_total: { kind: 'counter', help: 'People who were removed here' },
  kaimon_journal_entries_total: { kind: 'counter', help: 'Entries of the journal on the disk, since it was new' },
  kaimon_journal_unwritten: { kind: 'gauge', help: 'Whether the journal cannot be written' },
  kaimon_journal_bytes: { kind: 'gauge', help: 'What the journal takes on the disk' },
  kaimon_broker_connected: { kind: 'gauge', help: 'Whether the broker is connected; absent where none is configured' },
  kaimon_outbox_events: { kind: 'gauge', help: 'Events that wait for the broker' },
  kaimon_outbox_lost_total: { kind: 'counter', help: 'Events that were thrown away undelivered' },
  kaimon_log_lines_lost_total: { kind: 'counter', help: 'Lines of the log that nobody took' },
  kaimon_clock_trusted: { kind: 'gauge', help: 'Whether the clock is trusted' },
  kaimon_event_loop_delay_seconds: {
    kind: 'histogram',
    help: 'Longest delay of the event loop in each second',
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
  kaimon_event_loop_delay_max_seconds: { kind: 'gauge', help: 'Longest delay of the event loop since the last scrape' },
  kaimon_process_cpu_seconds_total: { kind: 'counter', help: 'Processor time of the gate' },
  kaimon_process_resident_memory_bytes: { kind: 'gauge', help: 'Memory of gate and eye', labels: ['process'] },
  kaimon_disk_free_bytes: { kind: 'gauge', help: 'What is free on the disk of the state folder' },
  kaimon_disk_size_bytes: { kind: 'gauge', help: 'How large that disk is' },
  kaimon_disk_life_used_ratio: {
    kind: 'gauge',
    help: 'How much of the life of eMMC is used at most; absent where the disk does not tell',
  },
  kaimon_memory_available_bytes: { kind: 'gauge', help: 'Memory that programs can still get' },
  kaimon_memory_size_bytes: { kind: 'gauge', help: 'Memory of the machine' },
  kaimon_temperature_celsius: { kind: 'gauge', help: 'Temperatures of the machine', labels: ['zone'] },
  kaimon_throttled: {
    kind: 'gauge',
    help: 'What the board does now to spare itself; absent where it does not tell',
    labels: ['kind'],
  },
} as const satisfies Readonly<Record<`kaimon_${string}`, MetricRow>>;

export type MetricName = keyof typeof METRICS;

/** Values of labels that are known before they come: others are counted as `other`. */
export const LABEL_VALUES = {
  reason: ['none', ...Object.keys(REASONS)],
  state: ['locked', 'unlocked', 'open', 'held', 'forced', 'fault', 'stopped'],
  mode: DOOR_MODES,
  alarm: ['held', 'forced', 'tamper', 'fire', 'fault', 'exit-stuck'],
  cause: ['grant', 'open', 'lock', 'mode', 'rex', 'contact', 'tamper', 'fire', 'timer', 'io-error', 'stop'],
  direction: ['in', 'out'],
  kind: THROTTLED,
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The value, or `other` for one that is not among those that are known. */
export function known(label: keyof typeof LABEL_VALUES, value: unknown): string {
  const values: readonly string[] = LABEL_VALUES[label];
  return typeof value === 'string' && values.includes(value) ? value : 'other';
}
