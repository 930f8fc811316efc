/** Case, accents and surrounding blanks do not count when people and things are looked up. */
export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').trim().toLowerCase();
}

/** With its ASCII percent-decoded; what is no encoding stays as it is. */
export function decodeAscii(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%[0-7][0-9a-f]/gi, (encoded) =>
    String.fromCharCode(Number.parseInt(encoded.slice(1), 16)),
  );
}
