import { RE2JS, RE2JSSyntaxException, RE2Set } from 're2js';
import { partsOf, sizeOf, tokensOf } from './parts.ts';

/**
 * Whether the whole value fits, in a time that grows with the value's length only. A pattern that is not supported, of
 * a profile that was imported when it was, refuses nothing.
 */
export function fitsPattern(pattern: string, value: string): boolean {
  const matcher = matcherOf(pattern);
  return matcher === null || matcher.match(value).length > 0;
}

export function isSupported(pattern: string): boolean {
  return matcherOf(pattern) !== null;
}

/** What a compiled pattern takes goes by its parts, and what it has learnt of values by `mostMemory`, in bytes. */
const mostParts = 500;
const mostKeptParts = 10_000;
const mostMemory = 524_288;

const kept = new Map<string, RE2Set | null>();
let keptParts = 0;

function matcherOf(pattern: string): RE2Set | null {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  const { matcher = null, parts = 1 } = read(pattern);
  if (keptParts + parts > mostKeptParts) {
    kept.clear();
    keptParts = 0;
  }
  kept.set(pattern, matcher);
  keptParts += parts;
  return matcher;
}

/** What is wrong with a pattern, if anything is. Costs little, whatever it is: nothing is compiled before it is matched. */
export function patternProblem(pattern: string): string | undefined {
  return read(pattern).problem;
}

interface Read {
  readonly problem?: string;
  readonly matcher?: RE2Set;
  readonly parts?: number;
}

function read(pattern: string): Read {
  if (!isExpression(pattern)) return { problem: 'is no regular expression' };
  const tokens = tokensOf(pattern);
  const strange = tokens.find((each) => /^(?:\(\?<?[=!]|\(\?[\w-]+:|\\[1-9k])/.test(each));
  if (strange !== undefined) {
    return { problem: `must not have look-around, back references or modifiers: ${strange}` };
  }
  const parts = sizeOf(partsOf(tokens));
  if (parts > mostParts) {
    return { problem: `must not have more than ${mostParts} parts once its repetitions are written out` };
  }
  try {
    const matcher = new RE2Set(RE2Set.ANCHOR_BOTH, 0, mostMemory);
    matcher.add(RE2JS.translateRegExp(tokens.map(translated).join('')));
    return { matcher, parts };
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    return { problem: `is not supported: ${error.getDescription()}: ${error.getPattern()}` };
  }
}

function isExpression(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

/** To RE2 only the blanks of ASCII are blanks. */
const blank = '\\s\\v\\x{feff}\\p{Z}';
const notBlank =
  '\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}' +
  '\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}';

const outside = new Map([
  ['\\s', `[${blank}]`],
  ['\\S', `[^${blank}]`],
]);
const inClass = new Map([
  ['\\s', blank],
  ['\\S', notBlank],
  ['\\b', '\\x08'],
  ['[', '\\['],
]);

/** A token of JavaScript's as RE2 says it, where the library does not know the difference. */
function translated(token: string): string {
  if (!token.startsWith('[')) return outside.get(token) ?? onePoint(token);
  const members = tokensOf(token.slice(1, -1)).map((each) => inClass.get(each) ?? onePoint(each));
  return `[${members.join('')}]`;
}

/** Two escapes that are one character. */
function onePoint(token: string): string {
  const [, high, low] = /^\\u(.{4})\\u(.{4})$/.exec(token) ?? [];
  if (high === undefined || low === undefined) return token;
  const point = String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)).codePointAt(0) ?? 0;
  return `\\x{${point.toString(16)}}`;
}
