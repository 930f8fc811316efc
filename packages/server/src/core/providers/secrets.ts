import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/**
 * Client secrets are stored as scrypt hashes only. That price is paid once per client and process: a secret that
 * was right is remembered as a keyed digest, under a key that lives only in this process. A wrong secret and an
 * unknown client always pay it, so that the two take the same time.
 */
const derive = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(scrypt);
/** Tests, which make clients by the thousand, lower `N`; each hash says what it was made with. */
export const hashing = { N: 16_384, r: 8, p: 1 };
const keyLength = 32;

export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(16);
  const { N, r, p } = hashing;
  const key = await derive(secret, salt, keyLength, { N, r, p });
  return `scrypt$${N}$${r}$${p}$${salt.toString('base64')}$${key.toString('base64')}`;
}

async function matches(secret: string, hash: string): Promise<boolean> {
  const [, N, r, p, salt = '', key = ''] = hash.split('$');
  const expected = Buffer.from(key, 'base64');
  const options = { N: Number(N), r: Number(r), p: Number(p) };
  const actual = await derive(secret, Buffer.from(salt, 'base64'), expected.length, options);
  return timingSafeEqual(actual, expected);
}

export interface SecretChecker {
  /** `hash` undefined: no such client; takes as long as a wrong secret and answers false. */
  check(client_id: string, secret: string, hash: string | undefined): Promise<boolean>;
}

const remembered = 50_000;

export function createSecretChecker(): SecretChecker {
  const key = randomBytes(32);
  const known = new Map<string, { hash: string; digest: Buffer }>();
  const digestOf = (secret: string) => createHmac('sha256', key).update(secret).digest();
  let decoy: Promise<string> | undefined;

  return {
    check: async (client_id, secret, hash) => {
      const digest = digestOf(secret);
      const earlier = known.get(client_id);
      if (earlier !== undefined && earlier.hash === hash && timingSafeEqual(earlier.digest, digest))
        return true;
      decoy ??= hashSecret(randomBytes(32).toString('base64url'));
      const right = await matches(secret, hash ?? (await decoy));
      if (!right || hash === undefined) return false;
      if (known.size >= remembered) known.clear();
      known.set(client_id, { hash, digest });
      return true;
    },
  };
}
