import { describe, expect, test } from 'vitest';
import { parseTimestamp } from '../../../platform/time.ts';
import { ageOn, dayFirst, printable, printedDate, printedMoment } from './text.ts';

test.each([
  ['Médico n.º 1 — “½ €”', 'Médico n.º 1 — “½ €”'],
  ['composed e\u0301', 'composed é'],
  ['uno\r\ndos\rtres\tcuatro', 'uno\ndos\ntres cuatro'],
  ['Dvořák ﬁn Ⅻ', 'Dvorák fin XII'],
  ['日本 😀', '?? ?'],
  ['a\u0000b\u200bc\u00adf', 'abcf'],
])('%j is printed as %j', (text, printed) => {
  expect(printable(text)).toBe(printed);
});

describe('dates', () => {
  const moment = parseTimestamp('2026-01-15T03:05:00.000Z');

  test('are those of the place', () => {
    expect(printedDate(moment, 'America/Bogota')).toBe('14 de enero de 2026');
    expect(printedMoment(moment, 'America/Bogota')).toBe('14 de enero de 2026, 22:05 (GMT-5)');
    expect(printedMoment(moment, 'America/Santo_Domingo')).toBe('14 de enero de 2026, 23:05 (GMT-4)');
    expect(dayFirst('1985-04-12')).toBe('12/04/1985');
  });

  test('an age grows on the birthday', () => {
    expect(ageOn('1985-04-12', '2026-04-11')).toBe(40);
    expect(ageOn('1985-04-12', '2026-04-12')).toBe(41);
  });
});
