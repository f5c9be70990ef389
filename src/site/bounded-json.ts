/** Bounds of any JSON from outside: a record of ten templates and 32 groups has about 100 values, 4 levels deep. */
const DEPTH_MAX = 8;
const VALUES_MAX = 1_000;

export type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string };

/**
 * JSON of UTF-8 bytes. Depth and number of values are counted before the parser builds anything: eight megabytes
 * of "[" would otherwise become hundreds of megabytes of arrays. @param valuesMax commas and brackets, at most
 */
export function parseJson(bytes: Uint8Array, valuesMax = VALUES_MAX): Parsed {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, why: 'the payload is not UTF-8 text' };
  }
  const why = tooMuch(text, valuesMax);
  if (why !== undefined) return { ok: false, why };
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    // The parser's own message quotes the payload, which may hold a photo or a template.
    return { ok: false, why: 'the payload is not JSON' };
  }
}

function tooMuch(text: string, valuesMax: number): string | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 0x22) {
      at = endOfString(text, at);
    } else if (char === 0x7b || char === 0x5b) {
      depth++;
      values++;
      if (depth > DEPTH_MAX) return `the payload is nested more than ${DEPTH_MAX} levels deep`;
    } else if (char === 0x7d || char === 0x5d) {
      depth--;
    } else if (char === 0x2c) {
      values++;
      if (values > valuesMax) return `the payload holds more than ${valuesMax} values`;
    }
  }
  return undefined;
}

/** Index of the quote that ends the string beginning at `start`; the text's end if there is none. */
function endOfString(text: string, start: number): number {
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote === -1) return text.length;
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c && quote - 1 - slashes > start) slashes++;
    if (slashes % 2 === 0) return quote;
    from = quote + 1;
  }
}
