import { Brackets, type EntityManager } from 'typeorm';
import type { UserId } from '../platform/ids.ts';
import { AuditEventEntity } from './audit-event.entity.ts';

/** Events that a person did, or that were done to them. */
const ofPerson = (userId: UserId) =>
  new Brackets((either) =>
    either.where('e.actor_id = :userId', { userId }).orWhere('e.subject_id = :userId', { userId }),
  );

/** A page of them, newest first, below the event `before`. */
export function findEventsOfPerson(
  manager: EntityManager,
  userId: UserId,
  { before, limit }: { readonly before: Pick<AuditEventEntity, 'at' | 'id'> | undefined; readonly limit: number },
): Promise<AuditEventEntity[]> {
  const query = manager.createQueryBuilder(AuditEventEntity, 'e').where(ofPerson(userId));
  if (before) query.andWhere('(e.at, e.id) < (:at, :id)', { at: before.at, id: before.id });
  return query.orderBy('e.at', 'DESC').addOrderBy('e.id', 'DESC').limit(limit).getMany();
}

export function countEventsOfPerson(manager: EntityManager, userId: UserId): Promise<number> {
  return manager.createQueryBuilder(AuditEventEntity, 'e').where(ofPerson(userId)).getCount();
}
