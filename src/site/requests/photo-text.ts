// pure

/** The head of a data URL, as web pages make it: `data:image/jpeg;base64,`. */
const DATA_URL = /^\s*data:[a-z0-9.+/-]{0,64}(?:;[^;,\s]{1,128}){0,4};base64,/i;

export type PhotoText = { readonly bytes: Uint8Array } | { readonly why: string };

/**
 * The photo in a text, as web and mail tools write it: base64 with or without line breaks, padding and the head of a data URL, in the plain
 * or the URL-safe alphabet.
 */
export function photoOfText(text: string): PhotoText {
  const [head = ''] = DATA_URL.exec(text.slice(0, 512)) ?? [];
  if (head === '' && /^\s*data:/i.test(text.slice(0, 64)))
    return { why: 'a data URL must begin with data:image/…;base64,' };
  const body = withoutPadding(text.slice(head.length).replace(/\s+/g, ''));
  const strange = body.search(/[^A-Za-z0-9+/_-]/);
  if (strange >= 0) return { why: `it is no base64: character ${strange + 1} of its text is not of that alphabet` };
  if (body.length % 4 === 1) return { why: `it is no base64: ${body.length} characters cannot be whole bytes` };
  if (body === '') return { why: 'it is empty' };
  return { bytes: new Uint8Array(Buffer.from(body, 'base64')) };
}

/** By hand: the expression /=+$/ takes hours for a million of them before another character. */
function withoutPadding(text: string): string {
  let end = text.length;
  while (text.charAt(end - 1) === '=') end -= 1;
  return text.slice(0, end);
}
