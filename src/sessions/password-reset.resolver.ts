import { Arg, Ctx, Field, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { RequestContext } from '../access/request-context.ts';
import { Limits, NewPasswordOfUser } from '../graphql/input-limits.ts';
import type { PasswordResetService } from '../users/password-reset.service.ts';
import type { TokenDelivery } from './session.entity.ts';
import { TokenDeliveryEnum } from './token-delivery.enum.ts';
import { deliverDevice, refuseLostCookie } from './token-delivery.ts';

@InputType({ description: 'Delivery is that of the device token, which a used reset gives.' })
class ResetPasswordInput {
  @Field(() => String, { description: 'As it stands in the mail.' })
  @Limits({ notBlank: true })
  token!: string;

  @Field(() => String, { description: 'Judged by serverInfo.passwordPolicy; not the current one.' })
  @NewPasswordOfUser()
  newPassword!: string;

  @Field(() => TokenDeliveryEnum, {
    nullable: true,
    defaultValue: 'BODY',
    description: 'Where the device token goes.',
  })
  delivery?: TokenDelivery | null;
}

@ObjectType({ description: 'What became of the reset. It gives no session: log in.' })
class ResetPasswordPayload {
  @Field(() => Boolean, { description: 'Always true: anything else is an error.' })
  readonly reset!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'For apps, as in LoggedIn. Browsers get a cookie and null here.',
  })
  readonly deviceToken!: string | null;
}

/** A reset ends in a device token, so it stands with the sessions. */
@Resolver()
export class PasswordResetResolver {
  readonly #resets: PasswordResetService;

  constructor(parts: { resets: PasswordResetService }) {
    this.#resets = parts.resets;
  }

  @Mutation(() => ResetPasswordPayload, {
    nullable: true,
    description:
      "Sets a new password and ends every session. Also takes the token of createUser's mail, which then verifies the address.",
  })
  async resetPassword(
    @Ctx() context: RequestContext,
    @Arg('input', () => ResetPasswordInput) { token, newPassword, delivery }: ResetPasswordInput,
  ): Promise<ResetPasswordPayload> {
    const where = delivery ?? 'BODY';
    refuseLostCookie(context, where);
    const deviceToken = await this.#resets.reset(context, token, newPassword);
    return { reset: true, deviceToken: deliverDevice(context, deviceToken, where) };
  }
}
