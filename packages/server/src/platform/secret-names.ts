/** Members that are never shown or kept: what gives access, and what proves that a person was there. */
export const secretNames = [
  'password',
  'secret',
  'client_secret',
  'client_assertion',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'api_key',
  'otp',
  'otp_code',
  'otp_verification_token',
] as const;

/** Members whose text is a secret, unless it is a word of ours: sponsors have an `authorization` that says `OTP`. */
const headerNames = ['authorization', 'proxy_authorization'] as const;

/** Members whose text is long or biometric and tells a reader nothing: their length does. */
const bulkyNames = ['content', 'content_base64', 'file', 'file_base64', 'value'] as const;

/** A secret in a call that is about a one-time password; elsewhere it is the code of an authorization. */
const codeNames = ['code', 'pin'] as const;

export type NameKind = 'secret' | 'header' | 'bulky' | 'code' | 'plain';

const kinds: ReadonlyMap<string, NameKind> = new Map([
  ...secretNames.map((name) => [bare(name), 'secret'] as const),
  ...headerNames.map((name) => [bare(name), 'header'] as const),
  ...bulkyNames.map((name) => [bare(name), 'bulky'] as const),
  ...codeNames.map((name) => [bare(name), 'code'] as const),
]);

/** `clientSecret`, `CLIENT-SECRET` and `client_secret` are one name. */
function bare(name: string): string {
  return name.replace(/[ _-]+/g, '').toLowerCase();
}

const longestName = 64;
const most = 4_000;
// Nearly all names are those of the API, and come again and again.
const known = new Map<string, NameKind>();

export function kindOf(name: string): NameKind {
  const earlier = known.get(name);
  if (earlier !== undefined) return earlier;
  if (name.length > longestName) return 'plain';
  const kind = kinds.get(bare(name)) ?? 'plain';
  if (known.size >= most) known.clear();
  known.set(name, kind);
  return kind;
}

const secrets = anyOf(secretNames);
const headers = anyOf(headerNames);

/** Whether JSON in a string has a secret. */
export const embeddedSecret = new RegExp(`"(?:${secrets}|${headers})"\\s*:`, 'i');

/**
 * Whether JSON printed by us (names have no escapes in it) has anything to hide: a member, a parameter of a URL, or a
 * member of JSON in a string. Reading a text with this costs a fraction of walking through its values.
 */
export const suspicious = new RegExp(
  [
    `["?&;#]${secrets}(?:\\\\?"\\s*:|=)`,
    `"${headers}\\\\?"\\s*:`,
    `"${anyOf(bulkyNames)}":\\[*"`,
    // An encoded name.
    '[?&;#][\\w-]*%',
  ].join('|'),
  'i',
);

/** Separators are looked for between words only: between all letters they would cost three times as much. */
function anyOf(names: readonly string[]): string {
  return `(?:${names.map((name) => name.replaceAll('_', '[ _-]*')).join('|')})[ _-]*`;
}
