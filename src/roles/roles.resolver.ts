import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '../access/request-context.ts';
import { CreateRolePayload, DeleteRolePayload, Role, UpdateRolePayload } from './role.type.ts';
import { CreateRoleInput, DeleteRoleInput, UpdateRoleInput } from './roles.input.ts';
import type { RolesService } from './roles.service.ts';

/** Roles, and what administrators do with them. */
@Resolver()
export class RolesResolver {
  readonly #roles: RolesService;

  constructor(parts: { roles: RolesService }) {
    this.#roles = parts.roles;
  }

  @Query(() => [Role], { nullable: true, description: 'All roles. Needs ROLES_READ.' })
  async roles(): Promise<Role[]> {
    return (await this.#roles.list()).map((role) => new Role(role));
  }

  @Mutation(() => CreateRolePayload, {
    nullable: true,
    description: 'Makes a role. Needs ROLES_WRITE, every permission that it gives, and a recent login.',
  })
  async createRole(
    @Ctx() context: RequestContext,
    @Arg('input', () => CreateRoleInput) input: CreateRoleInput,
  ): Promise<CreateRolePayload> {
    return { role: new Role(await this.#roles.create(context, input)) };
  }

  @Mutation(() => UpdateRolePayload, {
    nullable: true,
    description:
      'Changes a role that is not built in, for all who hold it from their next request on. Needs ROLES_WRITE and a recent login.',
  })
  async updateRole(
    @Ctx() context: RequestContext,
    @Arg('input', () => UpdateRoleInput) { name, description, permissions }: UpdateRoleInput,
  ): Promise<UpdateRolePayload> {
    const role = await this.#roles.update(context, {
      name,
      ...(description == null ? {} : { description }),
      ...(permissions == null ? {} : { permissions }),
    });
    return { role: new Role(role) };
  }

  @Mutation(() => DeleteRolePayload, {
    nullable: true,
    description: 'Deletes a role that nobody holds. Needs ROLES_WRITE and a recent login.',
  })
  async deleteRole(
    @Ctx() context: RequestContext,
    @Arg('input', () => DeleteRoleInput) { name }: DeleteRoleInput,
  ): Promise<DeleteRolePayload> {
    return { deleted: true, deletedRoleId: await this.#roles.delete(context, name) };
  }
}
