// pure
/** A short report as a value; everything in it is text, save for the charts. */
export interface Report {
  readonly title: string;
  /** What was measured, when and with what. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly sections: readonly Section[];
}

export interface Section {
  readonly title: string;
  readonly sentences?: readonly string[];
  readonly table?: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
  /** SVG of our own charts, taken as it is. */
  readonly charts?: readonly string[];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML, in elements and attributes alike. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] as string);

const STYLE = `body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;margin:.6rem 0}
th,td{border-bottom:1px solid #ccc;padding:.25rem .9rem .25rem 0;text-align:left;vertical-align:top}svg{max-width:100%;height:auto}`;

/** One HTML file that needs nothing else: no script, no font, no address. */
export function htmlOf({ title, facts, sections }: Report): string {
  const lines = [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    // Should a text ever get through unescaped, it still runs nothing and fetches nothing.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    `<h1>${escapeHtml(title)}</h1>`,
    `<table>${facts.map(([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join('')}</table>`,
    ...sections.flatMap(sectionOf),
    '</body>',
    '</html>',
  ];
  return `${lines.join('\n')}\n`;
}

function sectionOf({ title, sentences = [], table, charts = [] }: Section): string[] {
  const cells = (tag: 'th' | 'td', row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  return [
    `<h2>${escapeHtml(title)}</h2>`,
    ...sentences.map((sentence) => `<p>${escapeHtml(sentence)}</p>`),
    ...(table
      ? [`<table>${[cells('th', table.head), ...table.rows.map((row) => cells('td', row))].join('\n')}</table>`]
      : []),
    ...charts,
  ];
}
