import { randomToken } from '../../platform/random.ts';

/** 256 random bits: whoever does not have it does not guess it. */
export function drawLinkToken(): string {
  return randomToken(32);
}

/** The public, read-only address of the PDF. */
export function linkTo(link_token: string, baseUrl: string): string {
  return `${baseUrl}/rx/${link_token}.pdf`;
}
