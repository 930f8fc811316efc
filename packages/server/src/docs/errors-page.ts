import { errorRegistry } from '@osigu-sandbox/contract';
import { table } from './table.ts';

/** docs/errors.md, from the registry that the server answers from. */
export function errorsPage(): string {
  const entries = Object.entries(errorRegistry).sort(([a], [b]) => (a < b ? -1 : 1));
  return `# Errors

Every non-2xx answer but those of the token endpoint (RFC 6749) has one envelope:

\`\`\`json
{
  "code": "071-422-validation",
  "error_code": "071-422-validation",
  "message": "The request is not valid.",
  "errors": [{ "path": "products[0].quantity", "message": "must be >= 1" }],
  "request_id": "req_01JG0000000000000000000000"
}
\`\`\`

\`code\` and \`error_code\` are always equal. \`errors\` is there when more can be said, and lists everything that is wrong.
\`request_id\` is also in \`X-Request-Id\`. Checks go 401, 403, 404, 422, 409. Codes marked \`documented\` rest on what Osigu
publishes; the others are choices of this sandbox.

${table(
  ['Code', 'Status', 'Message', 'Cause', 'Cure', 'Provenance'],
  entries.map(([code, { status, message, cause, cure, provenance }]) => [
    `\`${code}\``,
    String(status),
    message,
    cause,
    cure,
    provenance,
  ]),
)}
`;
}
