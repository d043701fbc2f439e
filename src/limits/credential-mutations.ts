/**
 * The mutations of which one operation may hold a single one: those that verify a password, code or token, or send a mail.
 * Without this rule one request with 200 aliases makes 200 guesses (or 200 mails) before any counter outside it moves.
 * A closed list: a mutation of that kind is added here when it is built, also when its limits stand elsewhere.
 */
export const CREDENTIAL_MUTATIONS = [
  'register',
  'verifyEmail',
  'resendVerification',
  'login',
  'completeLogin',
  'refresh',
  'reauthenticate',
  'changePassword',
  'requestPasswordReset',
  'resetPassword',
  'requestEmailChange',
  'confirmEmailChange',
  'revertEmailChange',
  'confirmTotpEnrollment',
  'finishPasskeyRegistration',
  'finishPasskeyLogin',
] as const;
export type CredentialMutation = (typeof CREDENTIAL_MUTATIONS)[number];

const names: ReadonlySet<string> = new Set(CREDENTIAL_MUTATIONS);

export const isCredentialMutation = (name: string): name is CredentialMutation => names.has(name);
