import canonicalize from 'canonicalize';
import { sha256 } from '../../platform/hashing.ts';

/**
 * SHA-256, in hex, over the RFC 8785 form: the same for everybody who writes the same content, in whatever order and
 * with whatever blanks. Undefined where there is none: a lone surrogate, or nesting without end.
 */
export function contentHash(value: unknown): string | undefined {
  try {
    const canonical = canonicalize(value);
    return canonical === undefined ? undefined : sha256(canonical);
  } catch {
    return undefined;
  }
}
