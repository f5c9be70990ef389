/** What the tests use of luxon. */
declare module 'luxon' {
  export class DateTime {
    static fromMillis(ms: number, options: { zone: string }): DateTime;
    static fromISO(text: string, options: { zone: string }): DateTime;
    plus(duration: { days: number }): DateTime;
    toISODate(): string;
    toFormat(format: string): string;
    toMillis(): number;
    readonly weekday: number;
    readonly hour: number;
    readonly minute: number;
  }
}
