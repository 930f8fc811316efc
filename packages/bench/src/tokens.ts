import { createPrivateKey, type JsonWebKey, sign } from 'node:crypto';
import type { RawDatabase } from './database.ts';

/** Tokens as the server would give them out, by its own key: it checks ten thousand secrets for minutes. */
export async function signerOf(database: RawDatabase): Promise<(claims: object) => string> {
  const [row] = await database.rows(
    'select kid, private_jwk from signing_keys where retired_at_real is null limit 1',
  );
  const key = createPrivateKey({ key: JSON.parse(String(row?.private_jwk)) as JsonWebKey, format: 'jwk' });
  const head = encoded({ alg: 'RS256', kid: row?.kid, typ: 'JWT' });
  return (claims) => {
    const text = `${head}.${encoded(claims)}`;
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  };
}

/** What a token says, unchecked. */
export function claimsOf(token: string): object {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
