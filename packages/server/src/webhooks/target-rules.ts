import { isIP } from 'node:net';
import ipaddr, { type IPv4, type IPv6 } from 'ipaddr.js';

/** Where deliveries may go (contract section 13, addresses). */
export interface TargetPolicy {
  /** `hosted`: https to public addresses only. `local`: http and loopback too. */
  readonly profile: 'local' | 'hosted';
  /** CIDR ranges that the operator of a `local` installation opens besides, `172.16.0.0/12` for example. */
  readonly allowed_ranges?: readonly string[];
  /** Who is asked for the addresses of names, `address:port` each; the machine's own by default. */
  readonly name_servers?: readonly string[];
}

/** Everything that is wrong with a URL before any name is resolved; empty when nothing is. */
export function urlReasons(text: string, policy: TargetPolicy): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for; URL parsers drop some silently.
  if (/[\s\u0000-\u001f\u007f\\]/.test(text)) {
    return ['must not contain blanks, control characters or backslashes'];
  }
  const url = URL.parse(text);
  if (url === null) return ['must be an absolute URL'];
  const reasons: string[] = [];
  if (url.protocol !== 'https:' && url.protocol !== 'http:') reasons.push('must be an http or https URL');
  else if (policy.profile === 'hosted' && url.protocol === 'http:') reasons.push('must be an https URL');
  // The parser forgets an empty user name, hence the second look.
  if (url.username !== '' || url.password !== '' || /^[a-z]+:\/*[^/?#]*@/i.test(text)) {
    reasons.push('must not contain credentials');
  }
  if (text.includes('#')) reasons.push('must not contain a fragment');
  if (url.port === '0') reasons.push('must not name port 0');
  if (url.hostname !== '' && labelsOf(url).includes(''))
    reasons.push('must not have a host with an empty label');
  return reasons;
}

/**
 * What names this machine or its neighbours, or nothing at all, whatever a name server says of it: reserved by RFC 6761,
 * 6762 (with its appendix G), 7686 and 8375 and by ICANN (`internal`).
 */
const localDomains = new Set([
  ...['localhost', 'localdomain', 'localdomain6', 'local', 'internal', 'intranet', 'private', 'corp', 'home'],
  ...['lan', 'home.arpa', 'test', 'invalid', 'onion'],
]);

/** A name of one label is completed by the machine's own search list, or is in its hosts file. */
export function isLocalName(url: URL): boolean {
  if (literalAddress(url) !== undefined) return false;
  const labels = labelsOf(url);
  return labels.length === 1 || [-1, -2].some((from) => localDomains.has(labels.slice(from).join('.')));
}

/** The dot at the end of a complete name is no label. */
function labelsOf(url: URL): string[] {
  return url.hostname.replace(/\.$/, '').split('.');
}

/**
 * The address that a URL's host spells, if it is one; such a host is never looked up. URL parsing has already made
 * one canonical text of the decimal, octal, hexadecimal and shortened spellings.
 */
export function literalAddress(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? undefined : host;
}

export function isAllowedAddress(address: string, policy: TargetPolicy): boolean {
  if (!ipaddr.isValid(address)) return false;
  const plain = ipaddr.process(address);
  if (policy.profile === 'local') {
    if (plain.range() === 'loopback') return true;
    if (isInside(plain, policy.allowed_ranges ?? [])) return true;
  }
  return plain.kind() === 'ipv4' ? isPublicIPv4(plain as IPv4) : isPublicIPv6(plain as IPv6);
}

function isInside(address: IPv4 | IPv6, ranges: readonly string[]): boolean {
  return ranges.some((range) => {
    const [network, bits] = ipaddr.parseCIDR(range);
    return network.kind() === address.kind() && address.match(network, bits);
  });
}

/** Public by its range, but answered by the cloud machine's own host (Azure's metadata and health service). */
const hostServices = new Set(['168.63.129.16']);

function isPublicIPv4(address: IPv4): boolean {
  return address.range() === 'unicast' && !hostServices.has(address.toString());
}

function isPublicIPv6(address: IPv6): boolean {
  const embedded = embeddedIPv4(address);
  if (embedded !== undefined && !isPublicIPv4(embedded)) return false;
  if (embedded !== undefined && isTranslated(address)) return true;
  // Only 2000::/3 has been given out as global unicast.
  return address.range() === 'unicast' && address.match(globalUnicast);
}

const globalUnicast = ipaddr.parseCIDR('2000::/3') as [IPv6, number];
const compatible = ipaddr.parseCIDR('::/96') as [IPv6, number];
const translated = ipaddr.parseCIDR('::ffff:0:0:0/96') as [IPv6, number];
const nat64 = ipaddr.parseCIDR('64:ff9b::/96') as [IPv6, number];
const sixToFour = ipaddr.parseCIDR('2002::/16') as [IPv6, number];

/** Forms that lead to the IPv4 address inside, wherever they are routed. */
function isTranslated(address: IPv6): boolean {
  return [compatible, translated, nat64, sixToFour].some((range) => address.match(range));
}

/** Mapped ones are unwrapped before this. */
function embeddedIPv4(address: IPv6): IPv4 | undefined {
  const parts = address.parts;
  if (address.match(sixToFour)) return fromParts(parts[1], parts[2]);
  const isatap = (parts[4] === 0 || parts[4] === 0x200) && parts[5] === 0x5efe;
  return isatap || isTranslated(address) ? fromParts(parts[6], parts[7]) : undefined;
}

function fromParts(high = 0, low = 0): IPv4 {
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff]);
}
