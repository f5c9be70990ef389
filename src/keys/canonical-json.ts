// pure
/**
 * The one text of a JSON value, as RFC 8785 (JSON Canonicalization Scheme) has it: no white space, the keys of each object in the order of
 * their UTF-16 code units, strings and numbers as ECMAScript writes them. Who signs and who checks come to the same bytes in any language.
 * @param value as JSON.parse gives it
 * @throws TypeError for what JSON cannot hold, and for text with half a surrogate pair, which UTF-8 cannot
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return textOf(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`JSON has no ${typeof value}`);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${textOf(key)}:${canonicalJson(member)}`).join(',')}}`;
}

function textOf(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new TypeError('a text holds half a surrogate pair');
  return JSON.stringify(text);
}
