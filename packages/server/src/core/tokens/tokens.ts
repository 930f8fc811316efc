import type { Environment, Scope } from '@osigu-sandbox/contract';
import { type CryptoKey, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { newRowId } from '../../platform/ids.ts';
import { realNow } from '../../platform/time.ts';
import { type SigningKeys, tokenLifeSeconds } from './signing-keys.ts';

/** S: contract section 3. Times are seconds of real time. */
export interface TokenClaims {
  readonly client_id: string;
  readonly provider_slug: string;
  readonly environment: Environment;
  readonly scope: string;
  /** The secret's version at issue; a rotation makes earlier ones dead. */
  readonly credential_version: number;
  readonly exp: number;
}

export interface TokenSubject {
  readonly client_id: string;
  readonly provider_slug: string;
  readonly scopes: readonly Scope[];
  readonly credential_version: number;
}

export interface Tokens {
  issue(subject: TokenSubject, issuer: string): Promise<string>;
  /** Undefined for anything that is not a live token of this environment. */
  verify(token: string): Promise<TokenClaims | undefined>;
}

function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    return undefined;
  }
}

/** Whether a token says that it is over, for counting: nobody has looked at who signed it. */
export function hasExpired(token: string): boolean {
  try {
    return (decodeJwt(token).exp ?? Number.POSITIVE_INFINITY) * 1_000 <= realNow();
  } catch {
    return false;
  }
}

async function verifySignature(token: string, key: CryptoKey): Promise<TokenClaims | undefined> {
  try {
    const { payload } = await jwtVerify<TokenClaims>(token, key, {
      algorithms: ['RS256'],
      currentDate: new Date(realNow()),
      requiredClaims: ['exp', 'client_id', 'environment', 'credential_version'],
    });
    return payload as TokenClaims;
  } catch {
    return undefined;
  }
}

const rememberedTokens = 20_000;

export function createTokens(keys: SigningKeys, environment: Environment): Tokens {
  // A signature is checked once per token and process; what can change (client, version) is read on every call.
  const verified = new Map<string, TokenClaims>();

  async function check(token: string): Promise<TokenClaims | undefined> {
    const kid = keyIdOf(token);
    const key = kid === undefined ? undefined : await keys.publicKey(kid);
    if (key === undefined) return undefined;
    const claims = await verifySignature(token, key);
    return claims?.environment === environment ? claims : undefined;
  }

  return {
    issue: async (subject, issuer) => {
      const { kid, key } = await keys.current();
      const issuedAt = Math.floor(realNow() / 1_000);
      return new SignJWT({
        client_id: subject.client_id,
        provider_slug: subject.provider_slug,
        environment,
        scope: subject.scopes.join(' '),
        credential_version: subject.credential_version,
      })
        .setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' })
        .setIssuer(issuer)
        .setSubject(subject.client_id)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + tokenLifeSeconds)
        .setJti(newRowId())
        .sign(key);
    },
    verify: async (token) => {
      const known = verified.get(token);
      if (known !== undefined) {
        if (known.exp * 1_000 > realNow()) return known;
        verified.delete(token);
        return undefined;
      }
      const claims = await check(token);
      if (claims === undefined) return undefined;
      if (verified.size >= rememberedTokens) verified.clear();
      verified.set(token, claims);
      return claims;
    },
  };
}
