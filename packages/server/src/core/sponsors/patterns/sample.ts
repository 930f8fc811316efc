import { type Part, partsOf, tokensOf } from './parts.ts';

/** Digits and letters before the rest of ASCII. */
const ordinary = Array.from({ length: 0x5f }, (_, place) => String.fromCharCode(0x20 + place)).sort(
  (a, b) => Number(/\w/.test(b)) - Number(/\w/.test(a)),
);
const variants = [0, 1, 2, 3, 4, 5, 6, 7];

/**
 * Values that probably fit a supported pattern: short ones, with and without what may be absent, by its first
 * alternatives. Whoever uses one tries it.
 */
export function samplesOf(pattern: string): string[] {
  const parts = partsOf(tokensOf(pattern));
  return variants.map((variant) => sampleOf(parts, variant));
}

function sampleOf(part: Part, variant: number): string {
  if (part.kind === 'position') return '';
  if (part.kind === 'character') return characterOf(part.text);
  if (part.kind === 'choice') {
    const option = part.options[(variant >> 1) % part.options.length] ?? [];
    return option.map((each) => sampleOf(each, variant)).join('');
  }
  const count = variant % 2 === 0 ? Math.max(part.least, Math.min(1, part.most)) : part.least;
  return sampleOf(part.of, variant).repeat(count);
}

/** One character has nothing to try again: here JavaScript's own matching costs nothing. */
function characterOf(text: string): string {
  const one = new RegExp(`^${text}$`, 'u');
  return [...ordinary, ...text, ...escapedIn(text)].find((character) => one.test(character)) ?? '';
}

function escapedIn(text: string): string[] {
  const found = [...text.matchAll(/\\[ux]\{?([\da-f]+)/gi)].map(([, hex = '']) => Number.parseInt(hex, 16));
  return found.filter((point) => point <= 0x10ffff).map((point) => String.fromCodePoint(point));
}
