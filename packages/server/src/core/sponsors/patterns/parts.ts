/** What a pattern is made of. */
export type Part =
  /** One character: itself, an escape or a class. */
  | { readonly kind: 'character'; readonly text: string }
  /** Takes no room: ^ or a word boundary. */
  | { readonly kind: 'position' }
  | { readonly kind: 'choice'; readonly options: readonly (readonly Part[])[] }
  | { readonly kind: 'repetition'; readonly of: Part; readonly least: number; readonly most: number };

const token =
  /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\[pPu]\{[^}]*\}|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\c.|\\k<[^>]*>|\\[1-9]\d*|\\.|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:<?[=!]|<[^>]*>|[\w-]*:))?|\{\d+(?:,\d*)?\}\??|[*+?]\??|./gsu;

/** Of a pattern that is a regular expression with the flag u: there every bracket and brace has its meaning. */
export function tokensOf(pattern: string): readonly string[] {
  return pattern.match(token) ?? [];
}

export function partsOf(tokens: readonly string[]): Part {
  return takeChoice([...tokens]);
}

const positions = ['^', '$', '\\b', '\\B'];

/** Takes what comes before the bracket that closes it, and that bracket. */
function takeChoice(tokens: string[]): Part {
  let parts: Part[] = [];
  const options = [parts];
  for (let token = tokens.shift(); token !== undefined && token !== ')'; token = tokens.shift()) {
    if (token === '|') {
      parts = [];
      options.push(parts);
    } else if (/^[*+?{]/.test(token)) {
      const of = parts.pop();
      if (of !== undefined) parts.push({ kind: 'repetition', of, ...countsOf(token) });
    } else if (token.startsWith('(')) {
      parts.push(takeChoice(tokens));
    } else {
      parts.push(positions.includes(token) ? { kind: 'position' } : { kind: 'character', text: token });
    }
  }
  return { kind: 'choice', options };
}

function countsOf(token: string): { least: number; most: number } {
  if (token.startsWith('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
  if (token.startsWith('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
  if (token.startsWith('?')) return { least: 0, most: 1 };
  const [least = 0, most = least] = (token.match(/\d+|,(?=\})/g) ?? []).map((count) =>
    count === ',' ? Number.POSITIVE_INFINITY : Number(count),
  );
  return { least, most };
}

/** How many parts there are once the repetitions are written out: what compiling and matching cost. */
export function sizeOf(part: Part): number {
  if (part.kind === 'choice') {
    return part.options.flat().reduce((sum, each) => sum + sizeOf(each), part.options.length);
  }
  if (part.kind !== 'repetition') return 1;
  const { of, least, most } = part;
  const isOpen = most === Number.POSITIVE_INFINITY;
  return sizeOf(of) * Math.max(isOpen ? least : most, 1) + (isOpen ? 1 : most - least);
}
