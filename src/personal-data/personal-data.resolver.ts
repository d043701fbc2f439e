import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../access/request-context.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { ViewerWithUser } from '../users/profile.service.ts';
import { User } from '../users/user.type.ts';
import type { ErasureService } from './erasure.service.ts';
import type { ExportService } from './export.service.ts';
import { EraseMeInput, EraseUserInput } from './personal-data.input.ts';
import { EraseMePayload, EraseUserPayload, ExportMyDataPayload } from './personal-data.type.ts';

/** What a person may ask of all that is stored about them. */
@Resolver()
export class PersonalDataResolver {
  readonly #exports: ExportService;
  readonly #erasures: ErasureService;
  readonly #dataKeys: DataKeys;

  constructor(parts: { exports: ExportService; erasures: ErasureService; dataKeys: DataKeys }) {
    this.#exports = parts.exports;
    this.#erasures = parts.erasures;
    this.#dataKeys = parts.dataKeys;
  }

  @Mutation(() => ExportMyDataPayload, {
    nullable: true,
    description: 'All that is stored about the logged-in user. Needs a recent login.',
  })
  exportMyData(@Ctx() context: RequestContext<ViewerWithUser>): Promise<ExportMyDataPayload> {
    return this.#exports.exportOwn(context);
  }

  @Mutation(() => EraseMePayload, {
    nullable: true,
    description: "Erases the logged-in user's personal data for good. Needs a recent login.",
  })
  async eraseMe(
    @Ctx() context: RequestContext<ViewerWithUser>,
    @Arg('input', () => EraseMeInput) { confirmEmail }: EraseMeInput,
  ): Promise<EraseMePayload> {
    await this.#erasures.eraseOwn(context, confirmEmail);
    return { erased: true };
  }

  @Mutation(() => EraseUserPayload, {
    nullable: true,
    description:
      "Erases another user's personal data for good. Needs USERS_ERASE, every permission that the person holds, and a recent login. CONFLICT for the last administrator.",
  })
  async eraseUser(
    @Ctx() context: RequestContext<ViewerWithUser>,
    @Arg('input', () => EraseUserInput) { id, reason }: EraseUserInput,
  ): Promise<EraseUserPayload> {
    return { user: new User(await this.#erasures.eraseOther(context, id, reason), this.#dataKeys) };
  }
}
