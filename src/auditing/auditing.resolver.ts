import { Args, Ctx, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '../access/request-context.ts';
import type { Integrity } from '../audit/integrity.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { mapNodes } from '../platform/pages.ts';
import type { ViewerWithUser } from '../users/profile.service.ts';
import { User } from '../users/user.type.ts';
import { AuditEvent, AuditEventConnection, AuditIntegrity } from './audit-event.type.ts';
import { AuditEventsArgs } from './audit-events.input.ts';
import type { AuditReadingService } from './audit-reading.service.ts';

/** The audit trail, for whoever may read it. */
@Resolver()
export class AuditingResolver {
  readonly #reading: AuditReadingService;
  readonly #readIntegrity: () => Promise<Integrity>;
  readonly #dataKeys: DataKeys;

  constructor(parts: { reading: AuditReadingService; readIntegrity: () => Promise<Integrity>; dataKeys: DataKeys }) {
    this.#reading = parts.reading;
    this.#readIntegrity = parts.readIntegrity;
    this.#dataKeys = parts.dataKeys;
  }

  @Query(() => AuditEventConnection, {
    nullable: true,
    description: 'What happened, newest first, in pages. Needs AUDIT_READ.',
  })
  async auditEvents(
    @Ctx() context: RequestContext<ViewerWithUser>,
    @Args(() => AuditEventsArgs) args: AuditEventsArgs,
  ): Promise<AuditEventConnection> {
    return mapNodes(
      await this.#reading.list(context, args),
      (event) => new AuditEvent(event, event.actor ? new User(event.actor, this.#dataKeys) : null),
    );
  }

  @Query(() => AuditIntegrity, {
    nullable: true,
    description: 'Whether the audit trail is intact, as the last verification found it. Needs AUDIT_READ.',
  })
  auditIntegrity(): Promise<AuditIntegrity> {
    return this.#readIntegrity();
  }
}
