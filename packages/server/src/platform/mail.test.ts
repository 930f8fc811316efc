import { expect, test } from 'vitest';
import { refusalOf } from './mail.ts';

const failure = (detail: object) => Object.assign(new Error('failed'), detail);

test.each([
  [{ code: 'EENVELOPE', responseCode: 550, response: '550 No such mailbox' }, true, '550 No such mailbox'],
  [{ code: 'EMESSAGE', responseCode: 554, response: '554 Too large' }, true, '554 Too large'],
  [{ code: 'EENVELOPE', responseCode: 452, response: '452 Full' }, false, '452 Full'],
  // Ours to fix: the recipient has nothing to do with it.
  [
    { code: 'EAUTH', responseCode: 535, response: '535 Wrong' },
    false,
    'The mail server does not accept this sender.',
  ],
  [{ code: 'ESOCKET' }, false, 'The mail server does not answer.'],
])('%j', (detail, final, reason) => {
  expect(refusalOf(failure(detail))).toEqual({ final, reason });
});

test('anything may be thrown', () => {
  for (const thrown of [undefined, null, 'x', new Error('x')])
    expect(refusalOf(thrown)).toEqual({ final: false, reason: 'The mail server does not answer.' });
});
