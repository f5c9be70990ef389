// pure

/** Rows of a CSV as RFC 4180 has it, with a header: each row by the names of its columns. Semicolons separate, too, where the header has no comma. */
export function csvRows(text: string, rowsMax: number): readonly Readonly<Record<string, string>>[] {
  const plain = text.replace(/^\uFEFF/, '');
  const [head = ''] = plain.split(/\r?\n/, 1);
  const cells = tableOf(plain, head.includes(',') ? ',' : ';', rowsMax + 1);
  const [header = [], ...rows] = cells;
  const names = header.map((name) => name.trim());
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, (row[at] ?? '').trim()])));
}

function tableOf(text: string, separator: string, rowsMax: number): string[][] {
  const table: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endRow = () => {
    row.push(cell);
    // A line without anything in it is no row.
    if (row.length > 1 || cell.trim() !== '') table.push(row);
    if (table.length > rowsMax) throw new Error(`it has more than ${rowsMax - 1} rows`);
    row = [];
    cell = '';
  };
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text.charAt(at + 1) === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (char === '"' && cell.trim() === '') {
      quoted = true;
      cell = '';
    } else if (char === separator) {
      row.push(cell);
      cell = '';
    } else if (char === '\n') endRow();
    else if (char !== '\r') cell += char;
  }
  if (quoted) throw new Error('a quotation mark is never closed');
  endRow();
  return table;
}
