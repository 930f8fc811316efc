/** Case, accents and surrounding blanks do not count when people and things are looked up. */
export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').trim().toLowerCase();
}
