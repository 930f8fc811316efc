import { promises as dns, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isAllowedAddress, isLocalName, literalAddress, type TargetPolicy } from './target-rules.ts';

/** Answers every address of a name, or rejects with a DNS error. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export const addressNotAllowed = 'ADDRESS_NOT_ALLOWED';

function addressRefusal(): Error & { code: string } {
  return Object.assign(new Error('The address is not allowed for deliveries'), { code: addressNotAllowed });
}

/**
 * The `lookup` of a connection: what is checked is what is connected to, so a name server that answers differently
 * the second time gains nothing. One forbidden address among several refuses the name.
 */
export function guardedLookup(policy: TargetPolicy, resolve: Resolve = resolverOf(policy)): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) {
          callback(Object.assign(new Error('No address'), { code: 'ENOTFOUND' }), '', 0);
        } else if (!addresses.every(({ address }) => isAllowedAddress(address, policy))) {
          callback(addressRefusal(), '', 0);
        } else if (options.all === true) {
          callback(null, [...addresses]);
        } else {
          callback(null, first.address, first.family);
        }
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

/** A host that is written as an address is never looked up and has to be checked by itself; so are local names. */
export function isLiteralRefused(url: URL, policy: TargetPolicy): boolean {
  if (isLocalName(url)) return policy.profile !== 'local';
  const literal = literalAddress(url);
  return literal !== undefined && !isAllowedAddress(literal, policy);
}

/**
 * At creation, so that the integrator learns of it at once. A name that does not resolve (yet) is no reason to refuse:
 * the connection is guarded anyway. May take seconds; never to be called inside a transaction.
 */
export async function isTargetAllowed(
  url: URL,
  policy: TargetPolicy,
  resolve: Resolve = resolverOf(policy),
): Promise<boolean> {
  if (isLiteralRefused(url, policy)) return false;
  if (literalAddress(url) !== undefined) return true;
  const addresses = await resolve(url.hostname).catch(() => []);
  return addresses.every(({ address }) => isAllowedAddress(address, policy));
}

function resolverOf({ profile, name_servers }: TargetPolicy): Resolve {
  if (name_servers !== undefined) return byName(name_servers);
  return profile === 'local' ? resolveAsTheSystem : byName();
}

/** With the hosts file and what the machine knows besides: names of containers, for example. */
const resolveAsTheSystem: Resolve = (hostname) => dns.lookup(hostname, { all: true });

/**
 * By DNS alone, without the system's resolver: that one occupies one of four threads, shared with everything else in
 * the process, for as long as somebody's name server keeps silent.
 */
function byName(servers?: readonly string[]): Resolve {
  const resolver = new dns.Resolver({ timeout: 2_000, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  return async (hostname) => {
    const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const found = [
      ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 })) : []),
      ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 })) : []),
    ];
    if (found.length === 0 && four.status === 'rejected') throw four.reason;
    return found;
  };
}
