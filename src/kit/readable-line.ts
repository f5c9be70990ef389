// pure
/** Fields that every line has, or that the sentence says already. */
const KNOWN = new Set(['level', 'time', 'part', 'msg']);
const [WARN, ERROR] = [40, 50];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The log's line for people: clock, what is serious, the sentence, the facts. A line that is no JSON stays as it is. */
export function readableLine(line: string): string {
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    return line;
  }
  if (!isRecord(fields)) return line;
  const { level, time, msg } = fields;
  const at = typeof time === 'string' ? time.slice(11, 19) : '';
  const rank = typeof level === 'number' ? level : 0;
  const mark = rank >= ERROR ? 'ERROR ' : rank >= WARN ? 'warning: ' : '';
  const [sentence, said] = sentenceOf(fields, typeof msg === 'string' ? msg : '');
  const facts = Object.entries(fields)
    .filter(([name, value]) => !KNOWN.has(name) && !said.has(name) && value !== null && value !== undefined)
    .map(([name, value]) => `${name} ${textOf(value)}`);
  return `${at} ${mark}${printable(sentence)}${facts.length > 0 ? `  (${printable(facts.join(', '))})` : ''}\n`;
}

/** Figures of a decision that only who measures wants to see; the journal has them. */
const FIGURES = ['track', 'frame', 'threshold', 'distance', 'afterMs'];

/** The sentence, and the fields that it has said. */
function sentenceOf(fields: Readonly<Record<string, unknown>>, msg: string): [string, ReadonlySet<string>] {
  const { type, person, reason } = fields;
  if (type !== 'granted' && type !== 'refused') return [msg, new Set()];
  const said = new Set(['type', 'person', 'text', 'reason', ...FIGURES]);
  const verdict = type === 'granted' ? 'LET IN' : 'not let in';
  const why = type === 'granted' ? '' : `: ${msg || textOf(reason)}`;
  return [`${verdict} ${nameOf(person)}${why}`, said];
}

function nameOf(person: unknown): string {
  if (!isRecord(person)) return 'somebody';
  const { id, name } = person;
  return typeof name === 'string' && name !== id ? `${name} (${textOf(id)})` : textOf(id);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Names come from people and brokers: a terminal must not take them for orders. */
const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]/gu, (mark) => (/[\u200c\u200d]/.test(mark) ? mark : '?'));
