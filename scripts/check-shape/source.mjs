// Reads TypeScript just well enough for check-shape.mjs: what is comment, what is text, what is imported.

/** Blanks out comments (`text`) and also the contents of strings (`bare`); line numbers stay. Code within a template stays code. */
export function blank(source) {
  const text = [...source];
  const bare = [...source];
  const wipe = (list, from, to) => {
    for (let at = from; at < to && at < list.length; at += 1) if (list[at] !== '\n') list[at] = ' ';
  };
  let at = 0;
  let before = '';
  while (at < text.length) {
    const char = text[at];
    const next = text[at + 1];
    if (char === '/' && (next === '/' || next === '*')) {
      const end = endOfComment(text, at, next);
      wipe(text, at, end);
      wipe(bare, at, end);
      at = end;
    } else if (char === "'" || char === '"' || char === '`' || (char === '/' && startsRegex(before))) {
      const end = endOfQuoted(text, at, char);
      for (const [from, to] of literalParts(text, at, end)) wipe(bare, from, to);
      at = end;
      before = char;
    } else {
      if (/\S/.test(char)) before = /[\w$]/.test(char) && /[\w$]/.test(text[at - 1] ?? '') ? before + char : char;
      at += 1;
    }
  }
  return { text: text.join(''), bare: bare.join('') };
}

/** A slash after a value divides; after an operator, a bracket or a keyword it begins a regular expression. */
const startsRegex = (before) => before === '' || /^([(,=:[!&|?{};+\-*%~^<>]|return|typeof|case|in|of)$/.test(before);

function endOfComment(text, from, kind) {
  let at = from + 2;
  if (kind === '/') {
    while (at < text.length && text[at] !== '\n') at += 1;
    return at;
  }
  while (at < text.length && !(text[at] === '*' && text[at + 1] === '/')) at += 1;
  return at + 2;
}

function endOfQuoted(text, from, quote) {
  let at = from + 1;
  let inClass = false;
  while (at < text.length) {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (quote === '/' && char === '[') inClass = true;
    else if (quote === '/' && char === ']') inClass = false;
    else if (char === quote && !inClass) return at + 1;
    else if (char === '\n' && quote !== '`') return at;
    at += 1;
  }
  return at;
}

/** A string is one literal part; a template's parts lie around its placeholders. */
function literalParts(text, from, end) {
  const parts = [];
  let start = from + 1;
  for (let at = start; text[from] === '`' && at < end - 1; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '$' && text[at + 1] === '{') {
      parts.push([start, at]);
      at = endOfPlaceholder(text, at + 2, end);
      start = at;
    }
  }
  return [...parts, [start, end - 1]];
}

function endOfPlaceholder(text, from, end) {
  let depth = 1;
  let at = from;
  for (; at < end && depth > 0; at += 1) depth += text[at] === '{' ? 1 : text[at] === '}' ? -1 : 0;
  return at;
}

const IMPORT = /(?:^|[;}\n])\s*(import|export)\s+(?:(type)\s+)?(?:[\w$*{}\s,]+?\s*from\s*)?(['"])([^'"\n]+)\3/g;
/** Also what Node's `createRequire` makes, called at once or by the name `require`. */
const DYNAMIC = /\b(?:import|require|createRequire\([^()]*\))\s*\(\s*(['"`])([^'"`\n]+)\1/g;

/** Every import and re-export of a source without comments: what, in which line, whether types only, whether only when that line runs. */
export function imports(text) {
  const lineOf = (index) => text.slice(0, index).split('\n').length;
  const found = [...text.matchAll(IMPORT)].map((match) => ({
    target: match[4],
    line: lineOf(match.index + match[0].length),
    typeOnly: match[2] === 'type',
    dynamic: false,
  }));
  const dynamic = [...text.matchAll(DYNAMIC)].map((match) => ({
    target: match[2],
    line: lineOf(match.index),
    typeOnly: false,
    dynamic: true,
  }));
  return [...found, ...dynamic];
}
