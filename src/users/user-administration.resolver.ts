import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../access/request-context.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { toProfileChange } from './profile.input.ts';
import type { UserRecord } from './user.record.ts';
import { User } from './user.type.ts';
import {
  AssignRoleInput,
  CreateUserInput,
  DisableUserInput,
  EnableUserInput,
  RevokeUserSessionsInput,
  UnassignRoleInput,
} from './user-administration.input.ts';
import type { UserAdministrationService } from './user-administration.service.ts';
import {
  AssignRolePayload,
  CreateUserPayload,
  DisableUserPayload,
  EnableUserPayload,
  RevokeUserSessionsPayload,
  UnassignRolePayload,
} from './user-administration.type.ts';
import type { UserInvitationService } from './user-invitation.service.ts';

interface UserAdministrationResolverParts {
  readonly invitations: UserInvitationService;
  readonly administration: UserAdministrationService;
  readonly dataKeys: DataKeys;
}

const OVER = 'every permission that the person holds, and a recent login';

/** What administrators do with users. */
@Resolver()
export class UserAdministrationResolver {
  readonly #parts: UserAdministrationResolverParts;

  constructor(parts: UserAdministrationResolverParts) {
    this.#parts = parts;
  }

  @Mutation(() => CreateUserPayload, {
    nullable: true,
    description:
      'Makes a user and mails them a token to set a password with. Needs USERS_WRITE, every permission of the roles given, and a recent login. Takes the place of a registration that nobody has verified; CONFLICT for any other account of the address.',
  })
  async createUser(
    @Ctx() context: RequestContext,
    @Arg('input', () => CreateUserInput) { email, roles, profile }: CreateUserInput,
  ): Promise<CreateUserPayload> {
    const user = await this.#parts.invitations.invite(context, {
      address: email,
      roles,
      profile: toProfileChange(profile ?? {}),
    });
    return { user: this.#toUser(user) };
  }

  @Mutation(() => DisableUserPayload, {
    nullable: true,
    description: `Shuts a user out, and ends their sessions at once. Needs USERS_WRITE, ${OVER}. CONFLICT for the last administrator.`,
  })
  async disableUser(
    @Ctx() context: RequestContext,
    @Arg('input', () => DisableUserInput) { id, reason }: DisableUserInput,
  ): Promise<DisableUserPayload> {
    return { user: this.#toUser(await this.#parts.administration.disable(context, id, reason)) };
  }

  @Mutation(() => EnableUserPayload, {
    nullable: true,
    description: `Lets a disabled user in again; their sessions do not come back. Needs USERS_WRITE, ${OVER}.`,
  })
  async enableUser(
    @Ctx() context: RequestContext,
    @Arg('input', () => EnableUserInput) { id }: EnableUserInput,
  ): Promise<EnableUserPayload> {
    return { user: this.#toUser(await this.#parts.administration.enable(context, id)) };
  }

  @Mutation(() => RevokeUserSessionsPayload, {
    nullable: true,
    description: `Ends every session of a user. Needs SESSIONS_REVOKE, ${OVER}.`,
  })
  async revokeUserSessions(
    @Ctx() context: RequestContext,
    @Arg('input', () => RevokeUserSessionsInput) { userId }: RevokeUserSessionsInput,
  ): Promise<RevokeUserSessionsPayload> {
    const { user, revokedCount } = await this.#parts.administration.revokeSessions(context, userId);
    return { revokedCount, user: this.#toUser(user) };
  }

  @Mutation(() => AssignRolePayload, {
    nullable: true,
    description:
      'Gives a role to a user. Needs ROLES_WRITE, every permission of the role, and a recent login. One that is held already changes nothing.',
  })
  async assignRole(
    @Ctx() context: RequestContext,
    @Arg('input', () => AssignRoleInput) { userId, role }: AssignRoleInput,
  ): Promise<AssignRolePayload> {
    return { user: this.#toUser(await this.#parts.administration.assign(context, userId, role)) };
  }

  @Mutation(() => UnassignRolePayload, {
    nullable: true,
    description: `Takes a role away from a user. Needs ROLES_WRITE, ${OVER}. CONFLICT for that of the last administrator.`,
  })
  async unassignRole(
    @Ctx() context: RequestContext,
    @Arg('input', () => UnassignRoleInput) { userId, role }: UnassignRoleInput,
  ): Promise<UnassignRolePayload> {
    return { user: this.#toUser(await this.#parts.administration.unassign(context, userId, role)) };
  }

  #toUser(record: UserRecord): User {
    return new User(record, this.#parts.dataKeys);
  }
}
