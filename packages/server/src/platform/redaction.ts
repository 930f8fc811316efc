import { embeddedSecret, kindOf, suspicious } from './secret-names.ts';
import { decodeAscii } from './text.ts';

/** Of calls that are about a one-time password: what is called `code` is one there. */
export interface Redacting {
  readonly hidesCodes?: boolean;
}

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
export function redactValue(value: unknown, limit: number, redacting: Redacting = {}): string {
  let text = '';

  function write(part: unknown, name: string, depth: number): void {
    if (text.length > limit) return;
    if (typeof part === 'string') text += quoted(part, name);
    else if (part instanceof Uint8Array) text += JSON.stringify(`[${part.length} bytes]`);
    else if (typeof part !== 'object' || part === null) {
      text += typeof part === 'number' && hides(name, redacting) ? quoted('', name) : printed(part);
    } else if (hides(name, redacting)) text += quoted('', name);
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

  function quoted(part: string, name: string): string {
    if (hides(name, redacting) || (kindOf(name) === 'header' && !isWord(part))) return `"${hidden}"`;
    if (kindOf(name) === 'bulky') return JSON.stringify(`[${part.length} characters]`);
    return JSON.stringify(
      redactText(part.length > limit ? part.slice(0, limit) : part, part.length, redacting),
    );
  }

  write(value, '', 0);
  return cut(text, limit);
}

function printed(part: unknown): string {
  return JSON.stringify(part) ?? 'null';
}

function hides(name: string, { hidesCodes = false }: Redacting): boolean {
  const kind = kindOf(name);
  return kind === 'secret' || (kind === 'code' && hidesCodes);
}

function isWord(text: string): boolean {
  return /^[A-Z_]{1,32}$/.test(text);
}

/** A text of any kind: a URL, a form or JSON may be in it. */
function redactText(text: string, length: number, redacting: Redacting): string {
  if (text.includes('"') && embeddedSecret.test(text)) return `[${length} characters]`;
  return text.includes('=') ? redactParameters(text, redacting) : text;
}

const formMembers = 50;
/** Words: nothing that was made at random is called so. */
const plainName = /^(?=.{1,32}$)[a-z]+(?:[_-][a-z]+)*$/i;

/**
 * A parsed form as JSON text. Whatever else is sent as a form, such as JSON, makes members whose names have its
 * secrets in them: it is not shown.
 */
export function redactForm(form: unknown, limit: number): string {
  const members = Object.entries(form ?? {});
  const isForm = members.length <= formMembers && members.every(([name]) => plainName.test(name));
  return isForm ? redactValue(form, limit) : '"[not a form]"';
}

/** A URL's path with its query, without the values of secrets. */
export function redactQuery(url: string, limit: number, redacting: Redacting = {}): string {
  const start = url.search(/[?;#]/);
  if (start === -1) return cut(url, limit);
  return cut(url.slice(0, start) + redactParameters(url.slice(start), redacting), limit);
}

/** A name begins at the start, after what may separate parameters, or within brackets: `a[secret]=`. */
const parameter = /(?:^|[?;#[.])([^?;#=[\].]*)\]*=/g;

/** From the value of a secret to the next `&` nothing is shown. */
function redactParameters(text: string, redacting: Redacting): string {
  return text
    .split('&')
    .map((part) => {
      const plain = decodeAscii(part);
      for (const found of plain.matchAll(parameter)) {
        if (hides(found[1] ?? '', redacting)) return plain.slice(0, found.index + found[0].length) + hidden;
      }
      return part;
    })
    .join('&');
}

function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
