/** OAuth scopes, fixed per client on the server. D: authentication/obtaining-tokens. */
export const scopes = [
  'arc:read',
  'arc:write',
  'dispensing:read',
  'dispensing:write',
  'ehr:read',
  'ehr:write',
] as const;

export type Scope = (typeof scopes)[number];
