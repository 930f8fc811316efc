import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose';
import { realNow } from '../../platform/time.ts';
import type { Store } from '../../store/store.ts';

export const tokenLifeSeconds = 3_600;

export interface SigningKeys {
  /** The key that signs new tokens. */
  current(): Promise<{ kid: string; key: CryptoKey }>;
  /** The public key of a token's `kid`; undefined when unknown or retired for longer than a token lives. */
  publicKey(kid: string): Promise<CryptoKey | undefined>;
  publicJwks(): Promise<{ keys: JWK[] }>;
  /** A new key signs from now on; the old one verifies until its last token has expired. */
  rotate(): Promise<void>;
}

interface KeyRow {
  readonly kid: string;
  readonly private_jwk: string;
  readonly public_jwk: string;
  readonly created_at_real: number;
  readonly retired_at_real: number | null;
}

/** Kept in the database: made on first use by whichever process comes first, the same for all. */
export function createSigningKeys(store: Store): SigningKeys {
  const imported = new Map<string, CryptoKey>();

  async function importKey(kind: 'private' | 'public', row: KeyRow): Promise<CryptoKey> {
    const name = `${kind}:${row.kid}`;
    const known = imported.get(name);
    if (known !== undefined) return known;
    const jwk = JSON.parse(kind === 'private' ? row.private_jwk : row.public_jwk) as JWK;
    const key = (await importJWK(jwk, 'RS256')) as CryptoKey;
    imported.set(name, key);
    return key;
  }

  async function liveRows(): Promise<KeyRow[]> {
    return store.db
      .selectFrom('signing_keys')
      .selectAll()
      .where((eb) =>
        eb.or([
          eb('retired_at_real', 'is', null),
          eb('retired_at_real', '>', realNow() - tokenLifeSeconds * 1_000),
        ]),
      )
      .orderBy('created_at_real', 'desc')
      .orderBy('kid')
      .execute();
  }

  async function currentRow(): Promise<KeyRow> {
    const row = (await liveRows()).find((candidate) => candidate.retired_at_real === null);
    if (row !== undefined) return row;
    await insertKey(store);
    return currentRow();
  }

  return {
    current: async () => {
      const row = await currentRow();
      return { kid: row.kid, key: await importKey('private', row) };
    },
    publicKey: async (kid) => {
      const row = (await liveRows()).find((candidate) => candidate.kid === kid);
      return row && importKey('public', row);
    },
    publicJwks: async () => {
      await currentRow();
      return { keys: (await liveRows()).map((row) => JSON.parse(row.public_jwk) as JWK) };
    },
    rotate: async () => {
      await currentRow();
      const kid = await insertKey(store, realNow() + 1);
      // Processes that made the first key at the same moment have left one each.
      await store.db
        .updateTable('signing_keys')
        .set({ retired_at_real: realNow() })
        .where('kid', '!=', kid)
        .where('retired_at_real', 'is', null)
        .execute();
    },
  };
}

/** Answers its id. */
async function insertKey(store: Store, created_at_real = realNow()): Promise<string> {
  const pair = await generateKeyPair('RS256', { extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  await store.db
    .insertInto('signing_keys')
    .values({
      kid,
      private_jwk: JSON.stringify({ ...(await exportJWK(pair.privateKey)), kid, alg: 'RS256' }),
      public_jwk: JSON.stringify({ ...publicJwk, kid, alg: 'RS256', use: 'sig' }),
      created_at_real,
      retired_at_real: null,
    })
    .execute();
  return kid;
}
