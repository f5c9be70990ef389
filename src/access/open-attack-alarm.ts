import type { Opening } from '../config/opening.js';
import type { Signal } from '../kit/signal.js';
import type { Person } from '../person/person.js';
import { AttackAlarm } from './attack-alarm.js';
import type { AttackAlarmReport, AttackRule } from './attacks.js';

export interface AttackAlarmSurroundings {
  readonly people: { get(id: string): Person | undefined };
  /** Port: who learns of the alarm. */
  readonly reports: { attackAlarm(report: AttackAlarmReport, person: Person | undefined): void };
  /** Raised when the state has changed. */
  readonly changed: Pick<Signal, 'raise'>;
}

/** The alarm that calls a guard after several attempts with pictures. */
export const openAttackAlarm = (
  { clock, endings }: Opening,
  rule: AttackRule,
  { people, reports, changed }: AttackAlarmSurroundings,
): Promise<AttackAlarm> =>
  endings.open(
    'the attack alarm',
    () =>
      new AttackAlarm({
        rule,
        clock,
        onReport: (report) =>
          reports.attackAlarm(report, report.person === null ? undefined : people.get(report.person)),
        onChange: changed.raise,
      }),
    (alarm) => alarm.close(),
  );
