/**
 * Prefixes of public identifiers: `<prefix>_` + 26-character ULID. Source: contract section 2
 * (D for the documented ones, S for `file`, `bio`, `whs`, `dlv`, `req`, `out`, `log`).
 */
export const identifierPrefixes = {
  beneficiary: 'bnf',
  authorizationRequest: 'areq',
  authorization: 'auth',
  dispensation: 'dsp',
  claim: 'clm',
  settlement: 'stl',
  otp: 'otp',
  event: 'evt',
  provider: 'prv',
  patient: 'pat',
  doctor: 'doc',
  prescription: 'rx',
  branch: 'branch',
  file: 'file',
  biometricReading: 'bio',
  subscription: 'whs',
  delivery: 'dlv',
  request: 'req',
  outbox: 'out',
  snapshot: 'snap',
  loggedRequest: 'log',
} as const;

export type IdentifierKind = keyof typeof identifierPrefixes;
