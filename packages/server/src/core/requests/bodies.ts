import { redactForm, redactJson, redactValue } from '../../platform/redaction.ts';
import { type EndedCall, isAboutOtp, type Target } from './call.ts';

/** What is kept of the bodies of a call, as text, without secrets. */
export interface CallBodies {
  readonly request_type: string | null;
  readonly request_body: string | null;
  readonly response_type: string | null;
  readonly response_body: string | null;
}

/** Characters of a body and of a media type that are kept. */
const longest = { body: 8_192, type: 200 } as const;

export function bodiesOf(call: EndedCall): CallBodies {
  const { request, request_kept, response } = call;
  return {
    request_type: call.request_type?.slice(0, longest.type) ?? null,
    request_body: request === undefined ? (request_kept ?? null) : keptOfJson(request, call),
    response_type: call.response_type?.slice(0, longest.type) ?? null,
    response_body: response === undefined ? null : redactJson(response, longest.body),
  };
}

/** Of a body that was parsed already; what lies beyond the cut costs nothing. */
export function keptOfValue(body: unknown, target: Target): string {
  return redactValue(body, longest.body, { hidesCodes: isAboutOtp(target) });
}

export function keptOfForm(body: unknown): string {
  return redactForm(body, longest.body);
}

function keptOfJson(text: string, target: Target): string {
  const body: unknown = JSON.parse(text);
  // A client may write the name of a secret with escapes.
  return isAboutOtp(target) ? keptOfValue(body, target) : redactJson(JSON.stringify(body), longest.body);
}
