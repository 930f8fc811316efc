import MiniSearch, { type SearchOptions } from 'minisearch';

/** What a catalogue offers to be found. */
export interface SearchDocument<T> {
  code: string;
  /** every name it goes by, such as one per language; what is in parentheses counts as a name too */
  names: readonly string[];
  /** other words people type for it, which do not describe it as well as a name does */
  keywords?: string | undefined;
  item: T;
}

export interface CatalogueSearch<T> {
  /** Best first: the exact code, then codes starting so, then words. A query without words lists all, by code. */
  search(query: string): T[];
}

/** A query longer than this is not a search; what is beyond is ignored, so its cost is bounded. */
const MAX_QUERY_CHARACTERS = 200;
const MAX_QUERY_WORDS = 12;

/** Shortest letters-only query read as the beginning of a code; with a digit in it, two characters do. */
const MIN_CODE_LETTERS = 3;

/**
 * Words that do not narrow anything down, in the three languages. "Site not specified" and "without
 * complications" are among them: that form of a disease is what its bare name means, so it must not rank lower
 * for saying so.
 */
const NOISE = new Set(
  `al and com con da das de del do dos el en for in la las los na nas of or para por the with y
  sin sem without no nao not nos otra outra
  especificacion especificacao especificada especificadas especificado especificados specified unspecified
  complicacion complicaciones complication complications complicacao complicacoes
  parte part sitio site lugar local localizacao place`.split(/\s+/),
);

/** Lower case, without accents: "Ácido" and "ACIDO" are the same word. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
}

/** Letters and digits part company, so that "50mg" and "50 mg" are the same two words. */
function tokensOf(folded: string): string[] {
  return folded.match(/\p{L}+|\p{N}+/gu) ?? [];
}

/** A code without what people leave out: "E11.9", "e119" and "E 11.9" are the same code. */
function compact(folded: string): string {
  return folded.replace(/[^\p{L}\p{N}]+/gu, '');
}

/** The code asked for, if the query is one. Colombian forms pad three-character ICD-10 codes: A09 is "A09X". */
function codeAsked(folded: string): string {
  return compact(folded).replace(/^(\p{L}\p{N}{2})x$/u, '$1');
}

function significantTokens(folded: string): string[] {
  return tokensOf(folded).filter((token) => !NOISE.has(token));
}

/** "Lumbago (dolor lumbar)" is called both "lumbago" and "dolor lumbar". */
function titlesOf(names: readonly string[]): string[][] {
  return names
    .flatMap((name) => fold(name).split(/[()]/))
    .map(significantTokens)
    .filter((title) => title.length > 0);
}

interface IndexedDocument {
  /** position in code order */
  id: number;
  code: string;
  words: string;
}

/**
 * Numbers are strengths and types, where "5" is not "50", so they are taken literally. Only words of a sensible
 * length are corrected: short ones have too many neighbours, endless ones have none and cost time.
 */
const wordOptions: SearchOptions = {
  fields: ['code', 'words'],
  prefix: (term, _position, terms) => !/^\p{N}+$/u.test(term) && (term.length > 1 || terms.length === 1),
  fuzzy: (term) => (/^\p{L}{4,30}$/u.test(term) ? 0.25 : false),
  maxFuzzy: 2,
  weights: { prefix: 0.5, fuzzy: 0.3 },
  processTerm: (term) => term,
};

/** How much of the best fitting title the query says: "fever" is all of "Fever" and half of "Yellow fever". */
function coverage(titles: readonly string[][], matched: ReadonlySet<string>): number {
  const shares = titles.map((title) => title.filter((token) => matched.has(token)).length / title.length);
  return Math.max(0, ...shares);
}

export function createCatalogueSearch<T>(documents: readonly SearchDocument<T>[]): CatalogueSearch<T> {
  const entries = documents
    .map((document) => ({ ...document, compactCode: compact(fold(document.code)) }))
    .sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));

  let built: { index: MiniSearch<IndexedDocument>; titles: string[][][] } | undefined;

  /** Built on the first search: a server that is only asked for its health should not pay for it. */
  function words(): { index: MiniSearch<IndexedDocument>; titles: string[][][] } {
    if (built) return built;
    const index = new MiniSearch<IndexedDocument>({
      fields: ['code', 'words'],
      // the parts of LAB-HEMO are words, those of E11.2 are not: the 2 would match "diabetes tipo 2"
      tokenize: (text, field) =>
        field === 'code' ? [...new Set([text, ...text.split('-')].map(compact))] : significantTokens(text),
      processTerm: (term) => term,
    });
    index.addAll(
      entries.map(({ code, names, keywords = '' }, id) => ({
        id,
        code: fold(code),
        words: fold([...names, keywords].join(' ')),
      })),
    );
    built = { index, titles: entries.map(({ names }) => titlesOf(names)) };
    return built;
  }

  /**
   * Positions of the entries whose code is, or else starts with, what was asked. After the exact one comes the
   * ".9", in ICD-10 the unspecified form: the likeliest meaning of a bare "E11".
   */
  function byCode(wanted: string): number[] {
    const longEnough = /\p{N}/u.test(wanted) ? wanted.length >= 2 : wanted.length >= MIN_CODE_LETTERS;
    const exact: number[] = [];
    const unspecified: number[] = [];
    const starting: number[] = [];
    entries.forEach(({ code, compactCode }, position) => {
      if (compactCode === wanted) exact.push(position);
      else if (!longEnough || !compactCode.startsWith(wanted)) return;
      else if (code.endsWith('.9') && compactCode === `${wanted}9`) unspecified.push(position);
      else starting.push(position);
    });
    return [...exact, ...unspecified, ...starting];
  }

  /** A word such as "e11.9" stays whole when some code starts so; any other one is taken apart. */
  function queryTokens(folded: string): string[] {
    const tokens = folded.split(/\s+/).flatMap((word) => {
      const code = codeAsked(word);
      const looksLikeCode = code.length >= 3 && /^\p{L}+\p{N}/u.test(code);
      if (looksLikeCode && entries.some(({ compactCode }) => compactCode.startsWith(code))) return [code];
      return tokensOf(word);
    });
    const significant = tokens.filter((token) => !NOISE.has(token));
    // "de" alone may be the beginning of "dengue"
    return [...new Set(significant.length > 0 ? significant : tokens)].slice(0, MAX_QUERY_WORDS);
  }

  function byWords(tokens: string[]): number[] {
    const { index, titles } = words();
    const run = (combineWith: 'AND' | 'OR') =>
      index.search(tokens.join(' '), { ...wordOptions, combineWith, tokenize: () => tokens });
    const all = run('AND');
    const found = all.length > 0 || tokens.length === 1 ? all : run('OR');
    return found
      .map(({ id, score, terms }) => {
        const position = Number(id);
        return { position, score: score * (1 + coverage(titles[position] ?? [], new Set(terms))) };
      })
      .sort((a, b) => b.score - a.score || a.position - b.position)
      .map(({ position }) => position);
  }

  return {
    search(query) {
      // cut twice: folding may lengthen a text many times over
      const folded = fold(query.slice(0, MAX_QUERY_CHARACTERS)).slice(0, MAX_QUERY_CHARACTERS);
      const tokens = queryTokens(folded);
      if (tokens.length === 0) return entries.map(({ item }) => item);

      const positions = new Set([...byCode(codeAsked(folded)), ...byWords(tokens)]);
      return [...positions].flatMap((position) => {
        const entry = entries[position];
        return entry ? [entry.item] : [];
      });
    },
  };
}
