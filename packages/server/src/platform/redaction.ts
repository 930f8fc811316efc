/** Members that are never shown or kept: what gives access, and what proves that a person was there. */
export const secretNames = [
  'password',
  'secret',
  'client_secret',
  'token',
  'access_token',
  'refresh_token',
  'otp',
  'otp_code',
  'otp_verification_token',
] as const;

/** Members whose text is long or biometric and tells a reader nothing: their length does. */
const bulkyNames = ['content', 'content_base64', 'file', 'file_base64', 'value'] as const;

/** Of calls that are about a one-time password: a `code` is one there, and the code of an authorization elsewhere. */
export const otpNames: ReadonlySet<string> = new Set(['code', 'pin']);
const none: ReadonlySet<string> = new Set();

const secret: ReadonlySet<string> = new Set(secretNames);
const bulky: ReadonlySet<string> = new Set(bulkyNames);
/** Reading a text with this costs a fraction of walking through the values; most have nothing to hide. */
const suspicious = new RegExp(`"(?:(?:${secretNames.join('|')})":|(?:${bulkyNames.join('|')})":")`);
const hidden = '[redacted]';
const deepest = 64;

/** `json`, printed by us (names have no escapes in it), without secrets and cut to `limit` characters. */
export function redactJson(json: string, limit: number): string {
  // A secret that is cut off has its name before the cut.
  const head = json.length > limit ? json.slice(0, limit) : json;
  return suspicious.test(head) ? redactValue(JSON.parse(json), limit) : cut(json, limit);
}

/**
 * A parsed body as JSON text, without secrets and cut to `limit` characters. What lies beyond is not looked at, so
 * that the largest body costs no more than a small one.
 */
export function redactValue(value: unknown, limit: number, also: ReadonlySet<string> = none): string {
  let text = '';

  function write(part: unknown, name: string, depth: number): void {
    if (text.length > limit) return;
    if (typeof part === 'string') text += quoted(part, name);
    else if (part instanceof Uint8Array) text += JSON.stringify(`[${part.length} bytes]`);
    else if (typeof part !== 'object' || part === null) {
      text += typeof part === 'number' && hides(name) ? quoted('', name) : (JSON.stringify(part) ?? 'null');
    } else if (hides(name)) text += quoted('', name);
    else if (depth === deepest) text += '"[…]"';
    else if (Array.isArray(part)) writeList(part, name, depth);
    else writeMembers(part, depth);
  }

  function writeList(list: readonly unknown[], name: string, depth: number): void {
    text += '[';
    for (const [index, part] of list.entries()) {
      if (text.length > limit) return;
      if (index > 0) text += ',';
      write(part, name, depth + 1);
    }
    text += ']';
  }

  function writeMembers(members: object, depth: number): void {
    let separator = '{';
    for (const [name, part] of Object.entries(members)) {
      if (text.length > limit) return;
      if (part === undefined) continue;
      text += `${separator}${JSON.stringify(name)}:`;
      separator = ',';
      write(part, name, depth + 1);
    }
    text += separator === '{' ? '{}' : '}';
  }

  function hides(name: string): boolean {
    return secret.has(name) || also.has(name);
  }

  function quoted(part: string, name: string): string {
    if (hides(name)) return `"${hidden}"`;
    if (bulky.has(name)) return JSON.stringify(`[${part.length} characters]`);
    return JSON.stringify(part.length > limit ? part.slice(0, limit) : part);
  }

  write(value, '', 0);
  return cut(text, limit);
}

/** A URL's path with its query, without the values of secrets. */
export function redactQuery(url: string, limit: number, also: ReadonlySet<string> = none): string {
  const start = url.indexOf('?');
  if (start === -1) return cut(url, limit);
  const parts = url
    .slice(start + 1)
    .split('&')
    .map((part) => {
      const name = nameOf(part);
      return secret.has(name) || also.has(name) ? `${name}=${hidden}` : part;
    });
  return cut(`${url.slice(0, start)}?${parts.join('&')}`, limit);
}

function nameOf(part: string): string {
  const name = part.split('=', 1)[0] ?? '';
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}

function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
