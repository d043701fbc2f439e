import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../access/request-context.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import {
  ChangePasswordInput,
  ConfirmEmailChangeInput,
  RequestEmailChangeInput,
  RequestPasswordResetInput,
  ResendVerificationInput,
  RevertEmailChangeInput,
} from './credentials.input.ts';
import {
  ChangePasswordPayload,
  ConfirmEmailChangePayload,
  RequestEmailChangePayload,
  RequestPasswordResetPayload,
  ResendVerificationPayload,
  RevertEmailChangePayload,
} from './credentials.type.ts';
import type { EmailChangeService } from './email-change.service.ts';
import type { EmailVerification } from './email-verification.ts';
import type { PasswordService } from './password.service.ts';
import type { PasswordResetService } from './password-reset.service.ts';
import type { ViewerWithUser } from './profile.service.ts';
import { User } from './user.type.ts';

interface CredentialsResolverParts {
  readonly verification: EmailVerification;
  readonly passwords: PasswordService;
  readonly resets: PasswordResetService;
  readonly emailChanges: EmailChangeService;
  readonly dataKeys: DataKeys;
}

/** What people do about their password and address, once they are registered. */
@Resolver()
export class CredentialsResolver {
  readonly #parts: CredentialsResolverParts;

  constructor(parts: CredentialsResolverParts) {
    this.#parts = parts;
  }

  @Mutation(() => ResendVerificationPayload, {
    nullable: true,
    description: 'Mails a new verification token. The answer is the same for any address.',
  })
  async resendVerification(
    @Ctx() context: RequestContext,
    @Arg('input', () => ResendVerificationInput) { email }: ResendVerificationInput,
  ): Promise<ResendVerificationPayload> {
    await this.#parts.verification.resend(context, email);
    return { accepted: true };
  }

  @Mutation(() => RequestPasswordResetPayload, {
    nullable: true,
    description: 'Mails a reset token. The answer is the same for any address.',
  })
  async requestPasswordReset(
    @Ctx() context: RequestContext,
    @Arg('input', () => RequestPasswordResetInput) { email }: RequestPasswordResetInput,
  ): Promise<RequestPasswordResetPayload> {
    await this.#parts.resets.request(context, email);
    return { accepted: true };
  }

  @Mutation(() => ChangePasswordPayload, {
    nullable: true,
    description:
      'Sets another password, and ends the other sessions of the user. INVALID_CREDENTIALS for a wrong current one.',
  })
  async changePassword(
    @Ctx() context: RequestContext<ViewerWithUser>,
    @Arg('input', () => ChangePasswordInput) input: ChangePasswordInput,
  ): Promise<ChangePasswordPayload> {
    await this.#parts.passwords.change(context, input);
    return { changed: true };
  }

  @Mutation(() => RequestEmailChangePayload, {
    nullable: true,
    description: 'Mails a token to the new address and a notice to the old one. Needs a recent login.',
  })
  async requestEmailChange(
    @Ctx() context: RequestContext<ViewerWithUser>,
    @Arg('input', () => RequestEmailChangeInput) { newEmail }: RequestEmailChangeInput,
  ): Promise<RequestEmailChangePayload> {
    await this.#parts.emailChanges.request(context, newEmail);
    return { accepted: true };
  }

  @Mutation(() => ConfirmEmailChangePayload, {
    nullable: true,
    description: 'Needs a login of the same user. Ends their other sessions.',
  })
  async confirmEmailChange(
    @Ctx() context: RequestContext<ViewerWithUser>,
    @Arg('input', () => ConfirmEmailChangeInput) { token }: ConfirmEmailChangeInput,
  ): Promise<ConfirmEmailChangePayload> {
    const user = await this.#parts.emailChanges.confirm(context, token);
    return { user: new User(user, this.#parts.dataKeys) };
  }

  @Mutation(() => RevertEmailChangePayload, {
    nullable: true,
    description:
      'Undoes a change of address with the token mailed to the old one when the change took effect. Ends every session, and the password opens nothing until it is reset.',
  })
  async revertEmailChange(
    @Ctx() context: RequestContext,
    @Arg('input', () => RevertEmailChangeInput) { token }: RevertEmailChangeInput,
  ): Promise<RevertEmailChangePayload> {
    await this.#parts.emailChanges.revert(context, token);
    return { reverted: true };
  }
}
