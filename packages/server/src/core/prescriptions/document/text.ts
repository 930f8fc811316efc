/**
 * The fonts that every PDF reader brings know the letters of western Europe and no others. A letter with a foreign
 * accent loses the accent; what is left becomes a question mark rather than garbage.
 */
export function printable(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').replace(/[\t\u202f\u00a0]/g, ' ');
  return [...lines.normalize('NFC')].map(printableLetter).join('');
}

// Windows-1252, the encoding of those fonts, beyond Latin-1.
const beyondLatin = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';

function printableLetter(letter: string): string {
  if (
    letter === '\n' ||
    /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u00ff]$/u.test(letter) ||
    beyondLatin.includes(letter)
  )
    return letter;
  if (/^\p{C}$/u.test(letter)) return '';
  const bare = letter.normalize('NFKD').replace(/\p{M}/gu, '');
  return /^[\u0020-\u007e]+$/.test(bare) ? bare : '?';
}

/** `15 de enero de 2026` on the calendar of the place. */
export function printedDate(milliseconds: number, timeZone: string): string {
  return new Intl.DateTimeFormat('es', { day: 'numeric', month: 'long', year: 'numeric', timeZone }).format(
    milliseconds,
  );
}

/** `15 de enero de 2026, 09:03 (GMT-5)`. */
export function printedMoment(milliseconds: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('es', {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
    timeZone,
  }).formatToParts(milliseconds);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  return `${printedDate(milliseconds, timeZone)}, ${part('hour')}:${part('minute')} (${part('timeZoneName')})`;
}

/** Of a person born on `birth` (YYYY-MM-DD) on the day `today`. */
export function ageOn(birth: string, today: string): number {
  const years = Number(today.slice(0, 4)) - Number(birth.slice(0, 4));
  return today.slice(5) < birth.slice(5) ? years - 1 : years;
}

/** `12/04/1985` of `1985-04-12`. */
export function dayFirst(date: string): string {
  return date.split('-').reverse().join('/');
}
