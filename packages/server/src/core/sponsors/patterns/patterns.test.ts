import { describe, expect, test } from 'vitest';
import { fitsPattern, isSupported, patternProblem } from './patterns.ts';
import { samplesOf } from './sample.ts';

const longest = 100;

describe('whatever a pattern is, it costs little', () => {
  const hard = [
    '(1+)+',
    '((((1*)*)*)*)*',
    '(1|1?)*2',
    '(.*1.{50})*',
    '.*.*.*.*.*.*.*.*.*.*x',
    '(?:.?){160}',
    '(\\p{L}*|\\P{Lu}*|1*|x*){35}',
  ];

  test.each(hard)('%s is matched at once', (pattern) => {
    expect(patternProblem(pattern)).toBeUndefined();
    const value = `${'1'.repeat(29)}y`.padEnd(longest, '!');
    const began = performance.now();
    fitsPattern(pattern, value);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test.each([`(${'.?'.repeat(95)}){1000}`, '((((a{9}){9}){9}){9}){9}', 'a{99999999999}', '(?:.{100}){6}'])(
    '%s is refused at once',
    (pattern) => {
      const began = performance.now();
      expect(patternProblem(pattern)).toBe(
        'must not have more than 500 parts once its repetitions are written out',
      );
      expect(performance.now() - began).toBeLessThan(100);
    },
  );
});

test.each([
  ['(', 'is no regular expression'],
  ['a**', 'is no regular expression'],
  ['(?P<n>a)', 'is no regular expression'],
  ['(?=1)1', 'must not have look-around, back references or modifiers: (?='],
  ['1(?!2).', 'must not have look-around, back references or modifiers: (?!'],
  ['(?<=1)2', 'must not have look-around, back references or modifiers: (?<='],
  ['(a)\\1', 'must not have look-around, back references or modifiers: \\1'],
  ['(?<n>a)\\k<n>', 'must not have look-around, back references or modifiers: \\k<n>'],
  ['(?i:a)', 'must not have look-around, back references or modifiers: (?i:'],
  ['\\p{Script=Greek}', 'is not supported: invalid character class range: \\p{Script=Greek}'],
])('%s %s', (pattern, problem) => {
  expect(patternProblem(pattern)).toBe(problem);
  expect(isSupported(pattern)).toBe(false);
  expect(fitsPattern(pattern, 'whatever')).toBe(true);
});

describe('a pattern means what it means to JavaScript, and is of the whole value', () => {
  const values = [
    ...[
      '',
      '1',
      '12',
      '1234',
      '12345',
      'a',
      'A',
      'ab',
      'abc',
      'aB-1',
      'M-1000000001',
      'm-ABCDEFG',
      'é',
      'ñandú',
    ],
    ...[
      'a b',
      'a\u00a0b',
      'a\ufeffb',
      'a\tb',
      'a\vb',
      'a/b',
      'a.b',
      '[a]',
      ':',
      '😀',
      'a😀',
      '\ud83d',
      '\b',
      '\0',
    ],
    ...Array.from({ length: 0x3_100 }, (_, code) => String.fromCharCode(code)),
  ];

  test.each([
    ...[
      '[Mm]-[0-9A-Za-z]{7,10}',
      '[0-9]{4}',
      '\\d+',
      '\\w+-\\d',
      'a|b',
      'a|b|',
      '^a$',
      '(?<year>\\d{2})\\d{2}',
    ],
    ...[
      'a\\sb',
      'a\\Sb',
      '\\s',
      '\\S',
      '[\\s.]',
      '[\\S]',
      '[^\\S]',
      '[^\\s]',
      '\\D',
      '\\W',
      '\\b.\\b',
      '\\B.',
      '\\v',
    ],
    ...[
      '\\u{1F600}',
      '\\ud83d\\ude00',
      '[\\ud83d\\ude00a]+',
      'a?😀',
      '\\u00e9',
      '\\x41',
      '\\cA',
      '\\0',
      '[\\b]',
    ],
    ...[
      'a\\/b',
      'a/b',
      '[/]',
      '[^]',
      '[]',
      '[[a:\\]]+',
      '[[:alpha:\\]]',
      '[a\\-z]',
      '\\p{Lu}',
      '\\P{L}',
      '[\\p{L}\\d]+',
    ],
    ...['a\\.b', '[.]', 'a{2}|b{1,}', '(?:a|ab)(?:c|bcd)?', '.{2,3}?', 'ñ.*'],
  ])('%s', (pattern) => {
    expect(patternProblem(pattern)).toBeUndefined();
    const whole = new RegExp(`^(?:${pattern})$`, 'u');
    // A dot that is asked about line ends alone is told of in docs/decisions/024.
    const asked = values.filter((value) => !/[\r\u2028\u2029]/.test(value) || !pattern.includes('.'));
    expect(asked.filter((value) => fitsPattern(pattern, value) !== whole.test(value))).toEqual([]);
  });
});

test.each([
  ...[
    '[0-9]{4}',
    '[A-Z]{2}-\\d{3,5}',
    '(?:RD|HN)[1-9]\\d*',
    '[^0-9]{3}',
    '\\p{Lu}+',
    '(?<a>x|y)?z+',
    '(|abc)',
  ],
  ...[
    '\\d*',
    'a\\sb',
    '\\(\\d\\)',
    '^[\\w.]+@[a-z]+\\.[a-z]{2,}$',
    'ñ{2}',
    '\\u00e9',
    '[가-힣]|x',
    '[\\\\uffffffff]',
  ],
])('a value that fits %s can be made up', (pattern) => {
  const fitting = samplesOf(pattern).filter((value) => value.trim() !== '' && fitsPattern(pattern, value));
  expect(fitting).not.toEqual([]);
});
