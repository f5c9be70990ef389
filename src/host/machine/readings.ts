// pure
/** What the kernel's texts on memory, heat, throttling and wear mean. A text that means nothing gives undefined. */

export interface Memory {
  readonly totalBytes: number;
  /** What programs can get without others being swapped out or ended. */
  readonly availableBytes: number;
}

/** From /proc/meminfo. */
export function memoryOf(meminfo: string | undefined): Memory | undefined {
  const bytes = (name: string) => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo ?? '')?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  };
  const [totalBytes, availableBytes] = [bytes('MemTotal'), bytes('MemAvailable')];
  return totalBytes === undefined || availableBytes === undefined ? undefined : { totalBytes, availableBytes };
}

/** One place in the machine whose temperature is known. */
export interface Zone {
  /** `cpu-thermal`. */
  readonly name: string;
  readonly celsius: number;
  /** From here on the kernel slows the machine down; undefined where it does not say. */
  readonly slowsAt: number | undefined;
  /** From here on the kernel switches it off. */
  readonly endsAt: number | undefined;
}

/** What a thermal zone's files say, in thousandths of a degree. */
export interface ZoneTexts {
  readonly name: string;
  readonly type: string | undefined;
  readonly temp: string | undefined;
  readonly trips: readonly { readonly type: string | undefined; readonly temp: string | undefined }[];
}

export function zoneOf({ name, type, temp, trips }: ZoneTexts): Zone | undefined {
  const celsius = degrees(temp);
  if (celsius === undefined) return undefined;
  const at = (kinds: readonly string[]) => {
    const points = trips.flatMap((trip) => (kinds.includes(trip.type ?? '') ? (degrees(trip.temp) ?? []) : []));
    // Zero and below stand for a point that is not used.
    const used = points.filter((point) => point > 0);
    return used.length === 0 ? undefined : Math.min(...used);
  };
  return { name: type || name, celsius, slowsAt: at(['passive', 'hot']), endsAt: at(['critical']) };
}

function degrees(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?\d+$/.test(text)) return undefined;
  const celsius = Number(text) / 1000;
  // A sensor that is switched off answers with its lowest number.
  return celsius > -100 && celsius < 200 ? celsius : undefined;
}

/** What a Raspberry Pi's firmware does to spare itself, each as now and as ever since it was switched on. */
export const THROTTLED = ['under-voltage', 'frequency-capped', 'throttled', 'soft-temperature-limit'] as const;
export type Throttled = (typeof THROTTLED)[number];

export interface Throttling {
  readonly now: readonly Throttled[];
  readonly sinceStart: readonly Throttled[];
}

/** From `get_throttled`, a number in hexadecimal: bits 0 to 3 are now, bits 16 to 19 since the start. */
export function throttlingOf(text: string | undefined): Throttling | undefined {
  if (text === undefined || !/^(0x)?[0-9a-f]{1,8}$/i.test(text)) return undefined;
  const bits = Number.parseInt(text, 16);
  const of = (first: number) => THROTTLED.filter((_, at) => (bits >>> (first + at)) & 1);
  return { now: of(0), sinceStart: of(16) };
}

/** How worn the flash of a disk is. */
export interface Wear {
  /** At most so much of its life is used, percent; 110: more than it was made for. undefined: it does not say. */
  readonly usedPercent: number | undefined;
  /** How many of its spare blocks are used. */
  readonly spares: 'normal' | 'most-used' | 'nearly-all-used' | undefined;
}

/** From eMMC's `life_time`, `0x02 0x01` in steps of ten percent for two kinds of cells, and `pre_eol_info`, `0x01`. */
export function wearOf(lifeTime: string, preEol: string | undefined): Wear | undefined {
  const steps = lifeTime.split(/\s+/).map((step) => Number(step));
  const known = steps.filter((step) => Number.isInteger(step) && step >= 1 && step <= 11);
  const usedPercent = known.length === 0 ? undefined : Math.max(...known) * 10;
  const spares = ([undefined, 'normal', 'most-used', 'nearly-all-used'] as const)[Number(preEol ?? 0)];
  return usedPercent === undefined && spares === undefined ? undefined : { usedPercent, spares };
}
