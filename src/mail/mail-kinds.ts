import { accountCreated } from './mail-templates/account-created.ts';
import { accountDisabled } from './mail-templates/account-disabled.ts';
import { accountErased } from './mail-templates/account-erased.ts';
import { alreadyRegistered } from './mail-templates/already-registered.ts';
import { confirmEmail } from './mail-templates/confirm-email.ts';
import { emailChangeRequested } from './mail-templates/email-change-requested.ts';
import { emailChanged } from './mail-templates/email-changed.ts';
import { passwordChanged } from './mail-templates/password-changed.ts';
import { resetPassword } from './mail-templates/reset-password.ts';
import { setPassword } from './mail-templates/set-password.ts';
import type { MailTemplate } from './mail-templates/template.ts';
import { verifyEmail } from './mail-templates/verify-email.ts';

/** Every mail that this server sends. */
export const MAIL_TEMPLATES = {
  'verify-email': verifyEmail,
  'already-registered': alreadyRegistered,
  'set-password': setPassword,
  'account-created': accountCreated,
  'reset-password': resetPassword,
  'password-changed': passwordChanged,
  'confirm-email': confirmEmail,
  'email-change-requested': emailChangeRequested,
  'email-changed': emailChanged,
  'account-disabled': accountDisabled,
  'account-erased': accountErased,
} as const satisfies Readonly<Record<string, MailTemplate>>;

export type MailKind = keyof typeof MAIL_TEMPLATES;

type TokenMailKind = {
  [K in MailKind]: (typeof MAIL_TEMPLATES)[K] extends { readonly page: string } ? K : never;
}[MailKind];

/** A mail to write: with a token and how long it lives, or with neither. */
export type Mail = {
  readonly to: string;
  readonly locale: string | null | undefined;
  readonly name?: string | null | undefined;
} & (
  | { readonly kind: TokenMailKind; readonly token: string; readonly validSeconds: number }
  | { readonly kind: Exclude<MailKind, TokenMailKind> }
);
