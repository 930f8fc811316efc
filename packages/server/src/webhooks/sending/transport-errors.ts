import { addressNotAllowed } from '../address-guard.ts';

/** Why an attempt got no whole answer, as the delivery log shows it. */
export type TransportError =
  | 'TIMEOUT'
  | 'CONNECTION_REFUSED'
  | 'CONNECTION_RESET'
  | 'UNREACHABLE'
  | 'DNS'
  | 'TLS'
  | 'INVALID_ANSWER'
  | 'ADDRESS_NOT_ALLOWED'
  | 'OTHER';

const lengthMismatch = 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';

const byCode: Readonly<Record<string, TransportError>> = {
  [addressNotAllowed]: 'ADDRESS_NOT_ALLOWED',
  ETIMEDOUT: 'TIMEOUT',
  UND_ERR_ABORTED: 'TIMEOUT',
  UND_ERR_CONNECT_TIMEOUT: 'TIMEOUT',
  UND_ERR_HEADERS_TIMEOUT: 'TIMEOUT',
  UND_ERR_BODY_TIMEOUT: 'TIMEOUT',
  ECONNREFUSED: 'CONNECTION_REFUSED',
  ECONNRESET: 'CONNECTION_RESET',
  ECONNABORTED: 'CONNECTION_RESET',
  EPIPE: 'CONNECTION_RESET',
  UND_ERR_SOCKET: 'CONNECTION_RESET',
  EHOSTUNREACH: 'UNREACHABLE',
  ENETUNREACH: 'UNREACHABLE',
  EADDRNOTAVAIL: 'UNREACHABLE',
  EPROTO: 'TLS',
  UND_ERR_HEADERS_OVERFLOW: 'INVALID_ANSWER',
  // A Content-Length that is none, or two of them.
  [lengthMismatch]: 'INVALID_ANSWER',
  // undici asserts that a status is one.
  ERR_ASSERTION: 'INVALID_ANSWER',
};

const dnsCode = /^(EAI_|ENOTFOUND$|ENODATA$|ESERVFAIL$|EREFUSED$|EFORMERR$|ETIMEOUT$|EBADRESP$|EBADNAME$)/;
const tlsCode = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** `hasHead`: the head of the answer came before. */
export function transportErrorOf(error: unknown, hasHead: boolean): TransportError {
  const code = codeOf(error);
  if (hasHead && code === lengthMismatch) return 'CONNECTION_RESET';
  if (isRefusedAnswer(error, code)) return 'INVALID_ANSWER';
  const known = byCode[code];
  if (known !== undefined) return known;
  if (dnsCode.test(code)) return 'DNS';
  if (tlsCode.test(code)) return 'TLS';
  return error instanceof Error && error.name === 'HTTPParserError' ? 'INVALID_ANSWER' : 'OTHER';
}

/** undici closes when it gets an answer that it does not take, an upgrade for example, and only the words tell. */
function isRefusedAnswer(error: unknown, code: string): boolean {
  return (
    code === 'UND_ERR_SOCKET' && error instanceof Error && /^bad (response|upgrade)$/.test(error.message)
  );
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
