import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/**
 * The public half of an audit key, kept for ever: without it nobody can check the heads that the key signed. Each one is introduced
 * by the one before; the first is the root of trust, whose thumbprint stands in the keyring.
 */
@Entity('audit_keys')
@Unique('audit_keys_previous_key', ['previous'])
export class AuditKeyEntity {
  /** As the keyring calls it. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'audit_keys_pkey' })
  id!: string;

  /** The key that introduced it, the empty text for the first. Unique: the chain of keys does not fork. */
  @Column('text')
  previous!: string;

  /** Ed25519, 32 bytes. */
  @Column('bytea', { name: 'public_key' })
  publicKey!: Buffer;

  /** A compact JWS of the key before, over this key's id and thumbprint; the first one's is its own. */
  @Column('text')
  introduction!: string;

  @Column({ type: 'timestamptz', name: 'introduced_at', precision: 3 })
  introducedAt!: Date;
}
