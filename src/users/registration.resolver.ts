import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../access/request-context.ts';
import type { EmailVerification } from './email-verification.ts';
import { toProfileChange } from './profile.input.ts';
import { RegisterInput, VerifyEmailInput } from './registration.input.ts';
import type { RegistrationService } from './registration.service.ts';
import { RegisterPayload, VerifyEmailPayload } from './registration.type.ts';

@Resolver()
export class RegistrationResolver {
  readonly #registration: RegistrationService;
  readonly #verification: EmailVerification;

  constructor(parts: { registration: RegistrationService; verification: EmailVerification }) {
    this.#registration = parts.registration;
    this.#verification = parts.verification;
  }

  @Mutation(() => RegisterPayload, {
    nullable: true,
    description:
      'Creates an account and mails a verification token. The answer is the same for an address that is taken.',
  })
  async register(
    @Ctx() context: RequestContext,
    @Arg('input', () => RegisterInput) input: RegisterInput,
  ): Promise<RegisterPayload> {
    await this.#registration.register(context, {
      address: input.email,
      password: input.password,
      profile: input.profile ? toProfileChange(input.profile) : {},
    });
    return { accepted: true };
  }

  @Mutation(() => VerifyEmailPayload, {
    nullable: true,
    description: 'Verifies the address that a token was mailed to. INVALID_TOKEN for any other.',
  })
  async verifyEmail(
    @Ctx() context: RequestContext,
    @Arg('input', () => VerifyEmailInput) input: VerifyEmailInput,
  ): Promise<VerifyEmailPayload> {
    const { setPassword } = await this.#verification.verify(context, input.token);
    return { verified: true, setPassword };
  }
}
